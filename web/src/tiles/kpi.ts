import type { Answer, Member, Filter, Grain, Kpi, Model, Query, View } from '../api/types'
import type { Filters } from '../model/location'
import { viewOf } from '../model/names'
import { filtersFor } from '../model/query'

/** KPIs of one view that ask alike are asked together. */
export interface Group {
  view: View
  query: Query
}
export interface Wanted {
  kpi: Kpi
  view: View | undefined
  now: string
  spark: string | undefined
}

export function groupsOf(
  model: Model,
  kpis: Kpi[],
  filters: Filters,
): { wanted: Wanted[]; groups: Map<string, Group> } {
  const groups = new Map<string, Group>()
  const join = (view: View, measure: string, rest: Omit<Query, 'measures'>): string => {
    const key = `${view.name} ${JSON.stringify(rest)}`
    const found = groups.get(key)
    if (!found) groups.set(key, { view, query: { measures: [measure], ...rest } })
    else if (!found.query.measures.includes(measure)) found.query.measures.push(measure)
    return key
  }
  const wanted = kpis.map((kpi) => {
    const view = viewOf(model, kpi.measure)
    // What the model says cannot be known is not asked for.
    if (!view || view.measures.find((one) => one.name === kpi.measure)?.unknown)
      return { kpi, view, now: '', spark: undefined }
    const own: Filter[] = [...filtersFor(view, filters), ...(kpi.fixed ?? [])]
    const base = own.length ? { filters: own } : {}
    const now = join(view, kpi.measure, {
      ...base,
      ...(kpi.compare && kpi.compare !== 'none' && view.time ? { compare: kpi.compare } : {}),
      ...(kpi.last && view.time ? { last: kpi.last } : {}),
    })
    const grain: Grain | undefined =
      kpi.spark && view.time?.grains.includes(kpi.spark) ? kpi.spark : undefined
    const spark = grain ? join(view, kpi.measure, { ...base, dimensions: [grain] }) : undefined
    return { kpi, view, now, spark }
  })
  return { wanted, groups }
}

const columnOf = (answer: Answer, name: string) =>
  answer.columns.findIndex((one) => one.name === name)

export function valueOf(
  answer: Answer,
  measure: string,
): { now: number | null; before: number | null } {
  const read = (row: Member[] | undefined, at: number) =>
    row && at >= 0 && row[at] !== null ? Number(row[at]) : null
  const row = answer.rows[0]
  return {
    now: read(row, columnOf(answer, measure)),
    before: read(row, columnOf(answer, `${measure}__before`)),
  }
}

/** The finished periods of a sparkline. */
export function sparkOf(answer: Answer, measure: string): number[] {
  const at = columnOf(answer, measure)
  const open = answer.unfinished_from
  return answer.rows
    .filter(
      (row) => at >= 0 && row[at] !== null && row[0] !== null && (!open || String(row[0]) < open),
    )
    .map((row) => Number(row[at]))
}

/** The sparkline as the points of a polyline in a box. */
export function points(values: number[], width: number, height: number): string {
  if (values.length < 2) return ''
  const low = Math.min(...values, 0)
  const high = Math.max(...values)
  const span = high - low || 1
  return values
    .map(
      (value, index) =>
        `${((index / (values.length - 1)) * width).toFixed(1)},${(height - ((value - low) / span) * height).toFixed(1)}`,
    )
    .join(' ')
}
