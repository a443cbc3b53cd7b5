import type { Filter, Grain, Model, Query, Tile, View } from '../api/types'
import { isGrain } from '../api/types'
import { decodeMembers, type Choice, type Filters } from './location'
import { firstDay, lastDay } from './dates'
import { grainsOf, labelOf, takes, viewOf } from './names'

/** What a tile shows now: its YAML, and what the reader chose in it. */
export interface Plan {
  view: View
  /** The measure in front; tables and scatters ask for all of theirs. */
  measure: string
  measures: string[]
  /** Axis, then series; a grain's name for time. */
  dimensions: string[]
  axis: string | undefined
  series: string | undefined
  grain: Grain | undefined
  compare: 'previous' | 'year' | undefined
  /** The levels of the axis, coarsest first, when it can be drilled; else empty. */
  levels: string[]
  /** Members chosen on the way down. */
  drilled: Filter[]
  click: string | undefined
  query: Query
  /** Labels of the page filters that mean nothing to this tile's view. */
  ignored: string[]
}

/** The page's filters as a view takes them; a tile does not filter itself by its own marks. */
export function filtersFor(view: View, filters: Filters, tile?: string): Filter[] {
  const out: Filter[] = []
  for (const [dimension, filter] of Object.entries(filters)) {
    if (!takes(view, dimension) || (tile && filter.source === tile)) continue
    if (filter.in) out.push({ dimension, in: filter.in })
    else {
      const range: Filter = { dimension }
      if (filter.from) range.from = firstDay(filter.from)
      if (filter.to) range.to = lastDay(filter.to)
      out.push(range)
    }
  }
  return out
}

export function ignoredBy(model: Model, view: View, filters: Filters): string[] {
  return Object.keys(filters)
    .filter((name) => !takes(view, name))
    .map((name) => labelOf(model, name).toLowerCase())
}

const allMeasures = new Set(['table', 'scatter'])

/** Works out what a tile asks. Null when the model does not know its measure. */
export function planOf(model: Model, tile: Tile, choice: Choice, filters: Filters): Plan | null {
  const offered = tile.measures ?? []
  const known = (name: string) =>
    !viewOf(model, name)?.measures.find((one) => one.name === name)?.unknown
  // The first that the data can tell.
  const measure = offered.includes(choice.measure ?? '')
    ? choice.measure!
    : (offered.find(known) ?? offered[0])
  const view = measure ? viewOf(model, measure) : undefined
  if (!measure || !view) return null

  const [axisList, ...rest] = tile.by ?? []
  const levels = Array.isArray(axisList) ? axisList : []
  const path = levels.length && choice.drill ? decodeMembers(choice.drill) : []
  const depth = Math.min(path.length, Math.max(levels.length - 1, 0))
  const drilled: Filter[] = path
    .slice(0, depth)
    .map((value, index) => ({ dimension: levels[index]!, in: [value] }))
  let axis = levels.length ? levels[depth] : (axisList as string | undefined)

  let grain: Grain | undefined
  if (axis && isGrain(axis)) {
    const possible = grainsOf(view, tile.grains ?? [])
    grain = possible.includes(choice.grain as Grain) ? (choice.grain as Grain) : axis
    axis = grain
  }
  const others = rest.flat()
  const dimensions = [...(axis ? [axis] : []), ...others]
  const series = tile.chart === 'map' || tile.chart === 'table' ? undefined : others[0]

  const comparisons = (tile.compare ?? []).filter((one) => one !== 'none')
  // The first one listed is what is shown: "none" first leaves the comparison to the reader.
  const standing = tile.compare?.[0] ?? 'none'
  const wanted = choice.compare ?? standing
  const compare = comparisons.find((one) => one === wanted)

  const query: Query = {
    measures: allMeasures.has(tile.chart)
      ? offered.filter((one) => viewOf(model, one) === view)
      : [measure],
  }
  if (dimensions.length) query.dimensions = dimensions
  const all = [...filtersFor(view, filters, tile.name), ...(tile.fixed ?? []), ...drilled]
  if (choice.search && dimensions[0]) all.push({ dimension: dimensions[0], search: choice.search })
  if (all.length) query.filters = all
  if (compare) query.compare = compare
  if (tile.last) query.last = tile.last
  if (tile.top && axis) query.top = { count: tile.top, dimension: axis, other: tile.other ?? false }
  if (tile.sort)
    query.sort = tile.sort.map(({ by, descending }) => ({ by, descending: descending ?? false }))
  if (choice.sort) {
    const descending = choice.sort.startsWith('-')
    const by = choice.sort.replace(/^-/, '')
    if (query.measures.includes(by) || dimensions.includes(by)) query.sort = [{ by, descending }]
  }
  if (tile.limit) query.limit = tile.limit
  query.totals = true
  if (tile.overlapping) query.overlapping = true

  return {
    view,
    measure,
    measures: offered,
    dimensions,
    axis,
    series,
    grain,
    compare,
    levels,
    drilled,
    click: tile.click ?? (series && !grain ? series : grain ? series : axis),
    query,
    ignored: ignoredBy(model, view, filters),
  }
}
