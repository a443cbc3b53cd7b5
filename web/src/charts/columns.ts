import { endOf } from '../model/dates'
import { period } from '../model/format'
import { kPale, type Drawing, type Mark, type Scene } from './drawing'
import {
  axisTip,
  everyNth,
  fade,
  faded,
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
import { spread, ticks } from './scale'
import { fitted, widthOf } from './text'

/** Columns over time or over members; series are stacked, unfinished periods are pale. */
export function columns(scene: Scene): Drawing {
  const { theme, plan, answer, width, height } = scene
  const grid = pivot(answer, scene.measure.name, scene.rank)
  const grain = grid.axisColumn?.grain
  const style = scene.share ? { type: 'percent' } : styleOf(scene.measure)
  const stacked = grid.series.length > 1 && stackable(scene)
  const colourOf = (y: number) =>
    grid.seriesColumn ? scene.colour(grid.series[y]!.value) : theme.series[0]!
  const value = (x: number, y: number) => {
    const own = grid.at(x, y)
    if (!scene.share || own === null) return own
    const whole = grid.sum(x)
    return whole ? own / whole : null
  }

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

  const named = grid.seriesColumn && grid.series.length > 1
  const left = ticksWidth(scale, style) + 10
  const brief = grid.axis.map((one) => (grain ? period(String(one.value), grain, true) : one.label))
  const widest = Math.max(...brief.map((one) => widthOf(one)), 10)
  const right = named
    ? Math.min(
        width * 0.28,
        Math.max(...grid.series.map((one) => widthOf(one.label, 12, 600))) + 16,
      )
    : Math.max(8, grain ? overhang(widest, width - left - 8, grid.axis.length) : 0)
  const bottom = 24
  const top = 10
  const plotWidth = width - left - right
  const slot = plotWidth / Math.max(grid.axis.length, 1)
  // Periods may be skipped, for they follow from one another; members are cut instead.
  const skips = grain || grid.axisColumn?.type === 'number' || (widest > slot - 4 && slot < 56)
  const nth = skips ? everyNth(grid.axis.length, plotWidth, widest) : 1

  const marks: Mark[] = []
  const tip = (_: number, x: number) => axisTip(scene, grid, colourOf, x)
  const series = grid.series.map((one, y) => ({
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
      const mark: Mark = {
        series: y,
        data: x,
        axisMember: place.value,
        label: () => spoken(tip(y, x), grid.series.length - 1 - y),
      }
      if (grain && plan.click === plan.axis)
        mark.range = { from: String(place.value), to: endOf(String(place.value), grain) }
      else
        mark.member = plan.click === plan.series ? one.value : place.other ? undefined : place.value
      marks.push(mark)
      const opacity = fade(scene, mark) * (unfinished(scene, place.value) ? kPale : 1)
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

  return {
    option: {
      grid: { ...kGrid, left, right, top, bottom },
      xAxis: {
        type: 'category',
        data: nth === 1 && widest > slot - 4 ? brief.map((one) => fitted(one, slot - 4)) : brief,
        axisTick: { show: false },
        axisLine: { lineStyle: { color: theme.line } },
        axisLabel: {
          ...label(theme),
          interval: (index: number) => index % nth === 0,
          hideOverlap: false,
        },
      },
      yAxis: valueAxis(theme, style, scale),
      series: [...series, ...before],
      graphic: named ? endLabels() : [],
    },
    marks,
    tip,
    plot: { left, right, top, bottom },
    ...(grain ? { periods: grid.axis.map((one) => String(one.value)) } : {}),
  }

  /** Names the series beside the last finished column, in their colours. */
  function endLabels() {
    let last = grid.axis.length - 1
    while (last > 0 && (unfinished(scene, grid.axis[last]!.value) || grid.sum(last) === null))
      last -= 1
    let below = 0
    const plotHeight = height - top - bottom
    const wanted = grid.series.map((_, y) => {
      const own = value(last, y) ?? 0
      const middle = stacked ? below + own / 2 : own
      below += own
      return top + plotHeight * (1 - (middle - scale.min) / (scale.max - scale.min)) - 7
    })
    const places = spread(wanted, 16, top - 6, height - bottom - 12)
    return grid.series.map((one, y) => ({
      id: `l${y}`,
      type: 'text',
      silent: true,
      left: width - right + 10,
      top: places[y],
      style: {
        text: one.label,
        fill: colourOf(y),
        font: `600 12px ${label(theme).fontFamily}`,
        width: right - 12,
        overflow: 'truncate',
      },
    }))
  }
}
