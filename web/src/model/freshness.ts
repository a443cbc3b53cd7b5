import type { Age, Model, Page } from '../api/types'
import { ofPipeline } from './charts'
import { dimensionOf, measureOf, viewOf } from './names'

/** Tables that the tiles of a page count, and cut by; nothing when that cannot be told. */
export function tablesOf(page: Page, model: Model): Set<string> | null {
  if (page.tiles.some((tile) => ofPipeline(tile.chart))) return null
  const tables = new Set<string>()
  for (const tile of page.tiles)
    for (const name of [...(tile.measures ?? []), ...(tile.kpis ?? []).map((one) => one.measure)]) {
      const view = viewOf(model, name)
      if (!view) return null
      const parts = [
        measureOf(model, name),
        ...(tile.by ?? []).flat().map((one) => dimensionOf(view, one)),
      ]
      for (const table of [view.fact, ...parts.flatMap((one) => one?.tables ?? [])])
        tables.add(table)
    }
  return tables.size ? tables : null
}

/**
 * What is late. What was in time when the server told it becomes late as time goes on: `elapsed` seconds have
 * passed since, by no clock but the page's own.
 */
export const lateOf = (ages: Age[], elapsed: number): Age[] =>
  ages.filter(
    (one) =>
      one.late ||
      (one.max_age_seconds !== null &&
        one.age_seconds !== null &&
        one.age_seconds + elapsed > one.max_age_seconds),
  )

/** What is late of what a page shows; all that is, where a page cannot tell. */
export function lateOn(page: Page, model: Model, late: Age[]): Age[] {
  const tables = tablesOf(page, model)
  return tables ? late.filter((one) => one.tables.some((name) => tables.has(name))) : late
}

/** A length of time that someone has promised: "8 days", "2 hours". */
export function every(seconds: number): string {
  const units = [
    [86_400, 'day'],
    [3600, 'hour'],
    [60, 'minute'],
    [1, 'second'],
  ] as const
  const [size, word] = units.find(([each]) => seconds % each === 0) ?? [1, 'second']
  const number = seconds / size
  return number === 1 ? word : `${number} ${word}s`
}

/** A dataset's or a table's name without the project's, in words. */
export function datasetName(name: string, project: string): string {
  const prefix = `${project}_`
  return (name.startsWith(prefix) ? name.slice(prefix.length) : name).replaceAll('_', ' ')
}
