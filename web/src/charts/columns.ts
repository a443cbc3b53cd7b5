import { everyNth } from './axes'
import type { Drawing, Scene } from './drawing'
import { fade, faded, kPale, unfinished } from './emphasis'
import { frameOf, gridOf } from './frame'
import { ticks } from './scale'
import { stackable } from './stack'
import { fitted } from './text'

/** Columns over time or over members; series are stacked, unfinished periods are pale. */
export function columns(scene: Scene): Drawing {
  const { theme, height } = scene
  const of = gridOf(scene)
  const { grid, style, colourOf, value, grain } = of
  const stacked = grid.series.length > 1 && stackable(scene)

  let high = 0
  let low = 0
  grid.axis.forEach((_, x) => {
    const values = grid.series.map((_, y) => value(x, y) ?? 0)
    const top = stacked
      ? values.reduce((sum, one) => sum + Math.max(one, 0), 0)
      : Math.max(...values)
    high = Math.max(high, top, grid.hasBefore && !scene.share ? (grid.sumBefore(x) ?? 0) : 0)
    low = Math.min(low, ...values)
  })
  const scale = scene.share
    ? { min: 0, max: 1, interval: 0.25 }
    : ticks(low, high, height < 200 ? 4 : 6, style.type === 'number' && high > 3)
  const frame = frameOf(scene, of, scale, {
    most: 0.28,
    around: 16,
    gap: 10,
    least: 8,
    overhangs: !!grain,
  })

  const { brief, widest, plotWidth } = frame
  const slot = plotWidth / Math.max(grid.axis.length, 1)
  // Periods may be skipped, for they follow from one another; members are cut instead.
  const skips = grain || grid.axisColumn?.type === 'number' || (widest > slot - 4 && slot < 56)
  const nth = skips ? everyNth(grid.axis.length, plotWidth, widest) : 1
  const texts = nth === 1 && widest > slot - 4 ? brief.map((one) => fitted(one, slot - 4)) : brief

  const series = grid.series.map((_, y) => ({
    id: `s${y}`,
    type: 'bar',
    ...(stacked ? { stack: 'all' } : {}),
    barMaxWidth: 34,
    barCategoryGap: '24%',
    barMinHeight: 0,
    cursor: 'pointer',
    emphasis: { disabled: true },
    itemStyle: { color: colourOf(y) },
    data: grid.axis.map((place, x) => {
      const opacity = fade(scene, frame.mark(x, y)) * (unfinished(scene, place.value) ? kPale : 1)
      return faded(value(x, y), opacity)
    }),
  }))
  const before =
    grid.hasBefore && !scene.share && (stacked || grid.series.length === 1)
      ? [
          {
            id: 'before',
            type: 'line',
            step: 'middle',
            symbol: 'none',
            silent: true,
            z: 4,
            lineStyle: { color: theme.text, width: 1.25, type: [3, 3], opacity: 0.7 },
            data: grid.axis.map((_, x) => grid.sumBefore(x)),
          },
        ]
      : []
  return frame.drawing([...series, ...before], { texts, nth }, ends)

  /** The middles of the last finished column's parts. */
  function ends() {
    let last = grid.axis.length - 1
    while (last > 0 && (unfinished(scene, grid.axis[last]!.value) || grid.sum(last) === null))
      last -= 1
    let below = 0
    return grid.series.map((_, y) => {
      const own = value(last, y) ?? 0
      const middle = stacked ? below + own / 2 : own
      below += own
      return middle
    })
  }
}
