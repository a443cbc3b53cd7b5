import { endOf } from '../model/dates'
import { period } from '../model/format'
import type { Drawing, Mark, Scene } from './drawing'
import {
  axisTip,
  everyNth,
  fade,
  kGrid,
  label,
  overhang,
  spoken,
  stackable,
  styleOf,
  ticksWidth,
  unfinished,
  valueAxis,
} from './parts'
import { pivot } from './pivot'
import { spread, ticks, ticksAround } from './scale'
import { widthOf } from './text'

/** Lines over time, named at their ends; what is not finished is dashed. */
export function lines(scene: Scene): Drawing {
  const { theme, plan, answer, width, height } = scene
  const grid = pivot(answer, scene.measure.name, scene.rank)
  const grain = grid.axisColumn?.grain
  const style = scene.share ? { type: 'percent' } : styleOf(scene.measure)
  const colourOf = (y: number) =>
    grid.seriesColumn ? scene.colour(grid.series[y]!.value) : theme.series[0]!
  const value = (x: number, y: number) => {
    const own = grid.at(x, y)
    if (!scene.share || own === null) return own
    const whole = grid.sum(x)
    return whole ? own / whole : null
  }
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
  const named = grid.seriesColumn && grid.series.length > 1
  const left = ticksWidth(scale, style) + 10
  const [top, bottom] = [10, 24]
  const brief = grid.axis.map((one) => (grain ? period(String(one.value), grain, true) : one.label))
  const widest = Math.max(...brief.map((one) => widthOf(one)), 10)
  const right = named
    ? Math.min(width * 0.3, Math.max(...grid.series.map((one) => widthOf(one.label, 12, 600))) + 18)
    : Math.max(14, overhang(widest, width - left - 14, grid.axis.length))
  const nth = everyNth(grid.axis.length, width - left - right, widest)
  const firstOpen = grid.axis.findIndex((one) => unfinished(scene, one.value))
  const open = (x: number) => firstOpen >= 0 && x >= firstOpen

  const marks: Mark[] = []
  const tip = (_: number, x: number) => axisTip(scene, grid, colourOf, x)
  const points = grid.axis.length <= 40
  const series: Record<string, unknown>[] = []
  grid.series.forEach((one, y) => {
    let opacity = 1
    grid.axis.forEach((place, x) => {
      const mark: Mark = {
        series: y,
        data: x,
        axisMember: place.value,
        label: () => spoken(tip(y, x), grid.series.length - 1 - y),
      }
      if (grain && plan.click === plan.axis)
        mark.range = { from: String(place.value), to: endOf(String(place.value), grain) }
      else if (plan.click === plan.series) mark.member = one.value
      else mark.member = place.other ? undefined : place.value
      if (mark.member !== undefined && plan.click === plan.series) opacity = fade(scene, mark)
      marks.push(mark)
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

  return {
    option: {
      grid: { ...kGrid, left, right, top, bottom },
      xAxis: {
        type: 'category',
        data: brief,
        boundaryGap: true,
        axisTick: { show: false },
        axisLine: { lineStyle: { color: theme.line } },
        axisLabel: { ...label(theme), interval: (index: number) => index % nth === 0 },
      },
      yAxis: valueAxis(theme, style, scale),
      series,
      graphic: named ? endLabels() : [],
    },
    marks,
    tip,
    plot: { left, right, top, bottom },
    ...(grain ? { periods: grid.axis.map((one) => String(one.value)) } : {}),
  }

  function endLabels() {
    const plotHeight = height - top - bottom
    const wanted = grid.series.map((_, y) => {
      let last = grid.axis.length - 1
      while (last > 0 && value(last, y) === null) last -= 1
      return (
        top + plotHeight * (1 - ((value(last, y) ?? 0) - scale.min) / (scale.max - scale.min)) - 7
      )
    })
    const places = spread(wanted, 16, top - 6, height - bottom - 12)
    return grid.series.map((one, y) => ({
      id: `l${y}`,
      type: 'text',
      silent: true,
      left: width - right + 8,
      top: places[y],
      style: {
        text: one.label,
        fill: colourOf(y),
        font: `600 12px ${label(theme).fontFamily}`,
        width: right - 10,
        overflow: 'truncate',
      },
    }))
  }
}
