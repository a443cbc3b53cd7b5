import type { Answer, Measure } from '../api/types'
import { change, exact, percent, short, signedPercent, type Style } from '../model/format'
import type { Mark, Scene, Tip } from './drawing'
import type { Pivot } from './pivot'
import type { Ticks } from './scale'
import { widthOf } from './text'
import { kFont, type Theme } from './theme.svelte'

/** What several chart kinds share. */
export const label = (theme: Theme, colour = theme.soft) => ({
  color: colour,
  fontFamily: kFont,
  fontSize: 11.5,
  fontWeight: 450,
})
/** The room for labels is reckoned here; without this, ECharts builds each axis twice to find it. */
export const kGrid = { outerBoundsMode: 'none' } as const
export const styleOf = (measure: Measure): Style => ({
  type: measure.format,
  unit: measure.unit,
})

/** Whether parts of the measure add up within a period: then they may be stacked, and have shares. */
export function stackable(scene: Scene): boolean {
  const { measure, answer } = scene
  if (answer.bridge === 'overlapping') return false
  return measure.additive || (measure.closing && partsFit(answer, measure.name))
}

/** Whether the rows of the last finished period are not more than the total: means and ratios are. */
function partsFit(answer: Answer, name: string): boolean {
  const at = answer.columns.findIndex((one) => one.name === name)
  const total = answer.totals?.[at]
  if (typeof total !== 'number') return false
  const time = answer.columns.findIndex((one) => one.grain)
  let rows = answer.rows
  if (time >= 0) {
    const open = answer.unfinished_from ?? '9999'
    const last = rows.reduce((latest, row) => {
      const day = String(row[time] ?? '')
      return day < open && day > latest ? day : latest
    }, '')
    rows = rows.filter((row) => row[time] === last)
  }
  const sum = rows.reduce((all, row) => all + Number(row[at] ?? 0), 0)
  return rows.length < 2 || sum <= total * 1.001
}

/** A tick's label: shares a part of a percent apart carry a digit more, or two would read alike. */
export const tickText = (value: number, style: Style, scale: Ticks): string =>
  style.type === 'percent' &&
  Math.abs(scale.interval * 100 - Math.round(scale.interval * 100)) > 1e-6
    ? percent(value)
    : short(value, style)

export function valueAxis(theme: Theme, style: Style, scale: Ticks) {
  return {
    type: 'value',
    min: scale.min,
    max: scale.max,
    interval: scale.interval,
    axisLine: { show: false },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: theme.line, width: 1 } },
    axisLabel: { ...label(theme), formatter: (value: number) => tickText(value, style, scale) },
  }
}
export const ticksWidth = (scale: Ticks, style: Style): number => {
  let width = 0
  for (let at = scale.min; at <= scale.max + 1e-9; at += scale.interval)
    width = Math.max(width, widthOf(tickText(at, style, scale)))
  return Math.ceil(width)
}

/** How far the label in the middle of the last of many slots reaches beyond the plot. */
export const overhang = (widest: number, room: number, count: number): number =>
  Math.max(0, Math.ceil((widest - room / Math.max(count, 1)) / 2))

/** How many categories apart labels must stand to fit. */
export const everyNth = (count: number, room: number, widest: number): number =>
  Math.max(1, Math.ceil((count * (widest + 14)) / Math.max(room, 1)))

export const changeText = (now: number | null, before: number | null): string | undefined => {
  const moved = change(now, before)
  return moved === null ? undefined : signedPercent(moved)
}

/** The hover of an axis member: each series, its share of the whole, its change. */
export function axisTip(
  scene: Scene,
  grid: Pivot,
  colourOf: (series: number) => string,
  x: number,
): Tip | null {
  const place = grid.axis[x]
  if (!place) return null
  const style = styleOf(scene.measure)
  const parts = stackable(scene) && grid.series.length > 1
  const whole = parts ? grid.sum(x) : null
  const total = wholeOf(scene, grid)
  const rows = grid.series
    .map((one, y) => {
      const value = grid.at(x, y)
      const row: Tip['rows'][number] = {
        colour: colourOf(y),
        name: grid.seriesColumn ? one.label : scene.measure.label,
        value: value === null ? '—' : exact(value, style),
      }
      const of = parts ? whole : total
      if (value !== null && of) row.share = percent(value / of)
      if (grid.hasBefore) row.change = changeText(value, grid.before(x, y)) ?? ''
      return row
    })
    .reverse()
  if (whole !== null && parts) {
    rows.push({
      name: 'Together',
      value: exact(whole, style),
      ...(grid.hasBefore ? { change: changeText(whole, grid.sumBefore(x)) ?? '' } : {}),
    })
  }
  const tip: Tip = { title: place.label, rows }
  if (unfinished(scene, place.value) && scene.answer.known_until)
    tip.note = `Not finished: known to ${scene.answer.known_until}`
  return tip
}

/** The whole that an axis member is a share of: only where members add up. */
export function wholeOf(scene: Scene, grid: Pivot): number | null {
  if (!stackable(scene) || grid.axisColumn?.grain) return null
  const index = scene.answer.columns.indexOf(grid.measure)
  const total = scene.answer.totals?.[index]
  return typeof total === 'number' && total > 0 ? total : null
}

export const unfinished = (scene: Scene, day: unknown): boolean =>
  typeof day === 'string' && !!scene.answer.unfinished_from && day >= scene.answer.unfinished_from

/** What a screen reader says of a mark: its place, value, share and change. */
export function spoken(tip: Tip | null, row: number): string {
  if (!tip) return ''
  const one = tip.rows[row]
  if (!one) return tip.title
  const rest = [
    one.value,
    one.share && `${one.share} of all`,
    one.change && `${one.change} on before`,
  ]
  return `${tip.title}, ${one.name}: ${rest.filter(Boolean).join(', ')}`
}

/** A value for ECharts; one that is plain costs it far less than one with a style of its own. */
export const faded = (value: number | null, opacity: number) =>
  opacity === 1 ? value : { value, itemStyle: { opacity } }

/** Opacity of a mark: faded when others are chosen. */
export const fade = (scene: Scene, mark: Mark): number => {
  if (!scene.chosen) return 1
  if (mark.range) return scene.chosen(null, mark.range.from) ? 1 : 0.25
  return mark.member !== undefined && scene.chosen(mark.member) ? 1 : 0.25
}
