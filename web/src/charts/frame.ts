import { endOf } from '../model/dates'
import { period, styleOf, type Style } from '../model/format'
import { kGrid, label, overhang, ticksWidth, valueAxis } from './axes'
import type { Drawing, Mark, Scene } from './drawing'
import { axisTip, spoken } from './hover'
import { pivot } from './pivot'
import { spread, type Ticks } from './scale'
import { widthOf } from './text'

/** An answer over its axis, as columns and lines read it. */
export function gridOf(scene: Scene) {
  const grid = pivot(scene.answer, scene.measure.name, scene.rank)
  const style: Style = scene.share ? { type: 'percent' } : styleOf(scene.measure)
  const colourOf = (y: number) =>
    grid.seriesColumn ? scene.colour(grid.series[y]!.value) : scene.theme.series[0]!
  const value = (x: number, y: number) => {
    const own = grid.at(x, y)
    if (!scene.share || own === null) return own
    const whole = grid.sum(x)
    return whole ? own / whole : null
  }
  return { grid, style, colourOf, value, grain: grid.axisColumn?.grain }
}
type Grid = ReturnType<typeof gridOf>

/** How much room the right edge has. */
interface Edge {
  /** For the names of series: the most, as a share of the width, and what lies around the longest. */
  most: number
  around: number
  /** Between the plot and the names. */
  gap: number
  /** Without names: the least. */
  least: number
  /** Whether the label in the middle of the last place may reach beyond the plot. */
  overhangs: boolean
}

/** The frame around columns and lines: axes, the names of the series at the right, marks and hovers. */
export function frameOf(scene: Scene, of: Grid, scale: Ticks, edge: Edge) {
  const { theme, plan, width, height } = scene
  const { grid, style, colourOf, grain } = of
  const named = grid.seriesColumn && grid.series.length > 1
  const left = ticksWidth(scale, style) + 10
  const [top, bottom] = [10, 24]
  const brief = grid.axis.map((one) => (grain ? period(String(one.value), grain, true) : one.label))
  const widest = Math.max(...brief.map((one) => widthOf(one)), 10)
  const names = () => Math.max(...grid.series.map((one) => widthOf(one.label, 12, 600)))
  const beyond = () =>
    edge.overhangs ? overhang(widest, width - left - edge.least, grid.axis.length) : 0
  const right = named
    ? Math.min(width * edge.most, names() + edge.around)
    : Math.max(edge.least, beyond())

  const marks: Mark[] = []
  const tip = (_: number, x: number) => axisTip(scene, grid, colourOf, x)
  /** Adds the mark of a series at a place of the axis. */
  function mark(x: number, y: number): Mark {
    const [place, series] = [grid.axis[x]!, grid.series[y]!]
    const made: Mark = {
      series: y,
      data: x,
      axisMember: place.value,
      label: () => spoken(tip(y, x), grid.series.length - 1 - y),
    }
    if (grain && plan.click === plan.axis)
      made.range = { from: String(place.value), to: endOf(String(place.value), grain) }
    else if (plan.click === plan.series) made.member = series.value
    else made.member = place.other ? undefined : place.value
    marks.push(made)
    return made
  }

  /** Names the series beside the values where they end, in their colours. */
  function endLabels(ends: number[]) {
    const plotHeight = height - top - bottom
    const wanted = ends.map(
      (end) => top + plotHeight * (1 - (end - scale.min) / (scale.max - scale.min)) - 7,
    )
    const places = spread(wanted, 16, top - 6, height - bottom - 12)
    return grid.series.map((one, y) => ({
      id: `l${y}`,
      type: 'text',
      silent: true,
      left: width - right + edge.gap,
      top: places[y],
      style: {
        text: one.label,
        fill: colourOf(y),
        font: `600 12px ${label(theme).fontFamily}`,
        width: right - edge.gap - 2,
        overflow: 'truncate',
      },
    }))
  }

  /** The drawing: `labels` say which of the axis' texts stand, `ends` where each series ends. */
  const drawing = (
    series: Record<string, unknown>[],
    labels: { texts: string[]; nth: number },
    ends: () => number[],
  ): Drawing => ({
    option: {
      grid: { ...kGrid, left, right, top, bottom },
      xAxis: {
        type: 'category',
        data: labels.texts,
        axisTick: { show: false },
        axisLine: { lineStyle: { color: theme.line } },
        axisLabel: {
          ...label(theme),
          interval: (index: number) => index % labels.nth === 0,
          hideOverlap: false,
        },
      },
      yAxis: valueAxis(theme, style, scale),
      series,
      graphic: named ? endLabels(ends()) : [],
    },
    marks,
    tip,
    plot: { left, right, top, bottom },
    ...(grain ? { periods: grid.axis.map((one) => String(one.value)) } : {}),
  })
  return { mark, drawing, brief, widest, plotWidth: width - left - right }
}
