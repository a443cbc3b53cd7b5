import type { Answer, Member, Column } from '../api/types'
import { filled } from '../model/dates'
import { member } from '../model/format'

export interface Place {
  value: Member
  label: string
  other: boolean
}

/** An answer of one measure as a grid: axis members by series members. */
export interface Pivot {
  axisColumn: Column | undefined
  seriesColumn: Column | undefined
  measure: Column
  hasBefore: boolean
  axis: Place[]
  series: Place[]
  at: (axis: number, series: number) => number | null
  before: (axis: number, series: number) => number | null
  /** Sum over the series at an axis member; null when nothing is known there. */
  sum: (axis: number) => number | null
  sumBefore: (axis: number) => number | null
}

const keyOf = (value: Member, other: boolean) =>
  other ? 'other' : value === null ? 'null' : `=${String(value)}`
const sumOf = (values: (number | null)[]): number | null => {
  const known = values.filter((one): one is number => one !== null)
  return known.length ? known.reduce((total, one) => total + one, 0) : null
}

/** A series by its member; a flag by what it says, for "yes" alone would not tell of what. */
function named(value: Member, column: Column | undefined): string {
  if (typeof value !== 'boolean' || !column) return member(value, column)
  return value ? column.label : `Not ${column.label[0]!.toLowerCase()}${column.label.slice(1)}`
}

/** `rank` puts the series in the order of all members, whichever of them an answer has. */
export function pivot(
  answer: Answer,
  measureName: string,
  rank?: (member: Member) => number,
): Pivot {
  const dimensions = answer.columns.filter((one) => one.kind === 'dimension')
  const indexOf = (column: Column | undefined) => (column ? answer.columns.indexOf(column) : -1)
  const measure =
    answer.columns.find((one) => one.kind === 'measure' && one.name === measureName) ??
    answer.columns.find((one) => one.kind === 'measure')!
  const beforeColumn = answer.columns.find(
    (one) => one.kind === 'before' && one.name === `${measure.name}__before`,
  )
  const [axisColumn, seriesColumn] = dimensions
  const [a, s, m, b] = [axisColumn, seriesColumn, measure, beforeColumn].map(indexOf) as [
    number,
    number,
    number,
    number,
  ]

  const others = new Set(answer.other)
  const axis = new Map<string, Place & { index: number }>()
  const series = new Map<string, Place & { index: number }>()
  // By the order in which members came: the axis, then the series.
  const now: (number | null)[][] = []
  const then: (number | null)[][] = []
  const number = (value: Member | undefined) =>
    value === null || value === undefined ? null : Number(value)
  answer.rows.forEach((row, index) => {
    const axisValue = a < 0 ? '' : row[a]!
    const axisOther = axisValue === null && others.has(index)
    const seriesValue = s < 0 ? '' : row[s]!
    const axisKey = keyOf(axisValue, axisOther)
    const seriesKey = keyOf(seriesValue, false)
    let x = axis.get(axisKey)
    if (!x) {
      x = {
        index: axis.size,
        value: axisValue,
        other: axisOther,
        label: axisOther ? 'All others' : member(axisValue, axisColumn),
      }
      axis.set(axisKey, x)
      now.push([])
      then.push([])
    }
    let y = series.get(seriesKey)
    if (!y) {
      y = {
        index: series.size,
        value: seriesValue,
        other: false,
        label: named(seriesValue, seriesColumn),
      }
      series.set(seriesKey, y)
    }
    now[x.index]![y.index] = number(row[m])
    if (b >= 0) then[x.index]![y.index] = number(row[b])
  })

  let axisList = [...axis.entries()]
  if (axisColumn?.grain) {
    const known = axisList
      .filter(([, place]) => place.value !== null)
      .sort(([x], [y]) => (x < y ? -1 : 1))
    const days = filled(
      known.map(([, place]) => String(place.value)),
      axisColumn.grain,
    )
    axisList = days.map((day) => {
      const key = keyOf(day, false)
      const none = { index: -1, value: day, other: false, label: member(day, axisColumn) }
      return [key, axis.get(key) ?? none]
    })
  } else if (axisColumn?.type === 'number') {
    const order = ({ value, other }: Place) =>
      other ? Infinity : value === null ? Number.MAX_VALUE : Number(value)
    axisList.sort(([, a], [, b]) => order(a) - order(b))
  } else if (axisList.some(([, place]) => place.other)) {
    axisList = [
      ...axisList.filter(([, one]) => !one.other),
      ...axisList.filter(([, one]) => one.other),
    ]
  }
  const seriesList = [...series.entries()]
  if (rank) seriesList.sort(([, a], [, b]) => rank(a.value) - rank(b.value))
  const xs = axisList.map(([, place]) => place.index)
  const ys = seriesList.map(([, place]) => place.index)
  const look = (from: (number | null)[][]) => (x: number, y: number) =>
    from[xs[x] ?? -1]?.[ys[y] ?? -1] ?? null
  const at = look(now)
  const before = look(then)
  return {
    axisColumn,
    seriesColumn,
    measure,
    hasBefore: b >= 0,
    axis: axisList.map(([, place]) => place),
    series: seriesList.map(([, place]) => place),
    at,
    before,
    sum: (x) => sumOf(seriesList.map((_, y) => at(x, y))),
    sumBefore: (x) => sumOf(seriesList.map((_, y) => before(x, y))),
  }
}
