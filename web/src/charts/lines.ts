import { everyNth } from './axes'
import type { Drawing, Scene } from './drawing'
import { fade, unfinished } from './emphasis'
import { frameOf, gridOf } from './frame'
import { ticks, ticksAround } from './scale'
import { stackable } from './stack'

/** Lines over time, named at their ends; what is not finished is dashed. */
export function lines(scene: Scene): Drawing {
  const { theme, height } = scene
  const of = gridOf(scene)
  const { grid, style, colourOf, value } = of
  const all = grid.axis
    .flatMap((_, x) =>
      grid.series.flatMap((_, y) => [
        value(x, y),
        grid.hasBefore && !scene.share ? grid.before(x, y) : null,
      ]),
    )
    .filter((one) => one !== null)
  const high = Math.max(...all, 0)
  const wanted = height < 200 ? 4 : 5
  // Means lie far from zero, and a line is no length: their axis begins where they do.
  const scale =
    stackable(scene) || style.type === 'percent'
      ? ticks(Math.min(...all, 0), high, wanted, style.type === 'number' && high > 3)
      : ticksAround(Math.min(...all, high), high, wanted)
  const frame = frameOf(scene, of, scale, {
    most: 0.3,
    around: 18,
    gap: 8,
    least: 14,
    overhangs: true,
  })
  const firstOpen = grid.axis.findIndex((one) => unfinished(scene, one.value))
  const open = (x: number) => firstOpen >= 0 && x >= firstOpen

  const points = grid.axis.length <= 40
  const series: Record<string, unknown>[] = []
  grid.series.forEach((_, y) => {
    let opacity = 1
    grid.axis.forEach((_, x) => {
      const mark = frame.mark(x, y)
      if (mark.member !== undefined && scene.plan.click === scene.plan.series)
        opacity = fade(scene, mark)
    })
    series.push({
      id: `s${y}`,
      type: 'line',
      symbol: 'circle',
      symbolSize: points ? 6 : 4,
      showSymbol: points,
      showAllSymbol: true,
      connectNulls: false,
      triggerLineEvent: true,
      cursor: 'pointer',
      emphasis: { disabled: true },
      lineStyle: { color: colourOf(y), width: 2, opacity },
      itemStyle: { color: theme.card, borderColor: colourOf(y), borderWidth: 1.75, opacity },
      data: grid.axis.map((_, x) => (open(x) ? null : value(x, y))),
    })
  })
  grid.series.forEach((_, y) => {
    if (firstOpen < 0) return
    series.push({
      id: `o${y}`,
      type: 'line',
      symbol: 'circle',
      symbolSize: 5,
      showAllSymbol: true,
      silent: true,
      lineStyle: { color: colourOf(y), width: 1.5, type: [3, 3], opacity: 0.6 },
      itemStyle: { color: theme.card, borderColor: colourOf(y), borderWidth: 1.25, opacity: 0.6 },
      data: grid.axis.map((_, x) => (open(x) || x === firstOpen - 1 ? value(x, y) : null)),
    })
  })
  if (grid.hasBefore && !scene.share)
    grid.series.forEach((_, y) =>
      series.push({
        id: `b${y}`,
        type: 'line',
        symbol: 'none',
        silent: true,
        lineStyle: { color: colourOf(y), width: 1.25, type: [2, 3], opacity: 0.55 },
        data: grid.axis.map((_, x) => grid.before(x, y)),
      }),
    )

  const { brief, widest, plotWidth } = frame
  const nth = everyNth(grid.axis.length, plotWidth, widest)
  return frame.drawing(series, { texts: brief, nth }, () =>
    grid.series.map((_, y) => {
      let last = grid.axis.length - 1
      while (last > 0 && value(last, y) === null) last -= 1
      return value(last, y) ?? 0
    }),
  )
}
