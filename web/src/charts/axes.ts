import { percent, short, type Style } from '../model/format'
import type { Ticks } from './scale'
import { widthOf } from './text'
import { kFont, type Theme } from './theme.svelte'

/** How labels are written. */
export const label = (theme: Theme, colour = theme.soft) => ({
  color: colour,
  fontFamily: kFont,
  fontSize: 11.5,
  fontWeight: 450,
})
/** The room for labels is reckoned here; without this, ECharts builds each axis twice to find it. */
export const kGrid = { outerBoundsMode: 'none' } as const
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
