import { percent, styleOf } from '../model/format'
import type { Drawing, Mark, Scene, Tip } from './drawing'
import { axisTip, spoken } from './hover'
import { fade } from './emphasis'
import { kGrid, label, tickText } from './axes'
import { stackable } from './stack'
import { pivot } from './pivot'
import { ticksAround, wilson } from './scale'
import { fitted, widthOf } from './text'

interface Api {
  value: (dimension: number) => number
  coord: (point: [number, number]) => [number, number]
  size: (point: [number, number]) => [number, number]
}

/** Dots: a member a row, a dot a series; shares of counts carry their 95 % interval. */
export function dots(scene: Scene): Drawing {
  const { theme, plan, answer, width } = scene
  const grid = pivot(answer, scene.measure.name, scene.rank)
  const shares = scene.share && stackable(scene)
  const style = shares ? { type: 'percent' } : styleOf(scene.measure)
  const many = grid.seriesColumn !== undefined
  const colourOf = (y: number) => (many ? scene.colour(grid.series[y]!.value) : theme.series[0]!)
  // Only counts of things drawn have an interval; money has none.
  const counts = shares && scene.measure.format === 'number'

  const cells = grid.axis.map((_, x) =>
    grid.series.map((_, y) => {
      const own = grid.at(x, y)
      if (own === null) return null
      const whole = grid.sum(x) ?? 0
      if (!shares) return { value: own, low: own, high: own, own, whole }
      const [low, high] = counts ? wilson(own, whole) : [own / whole, own / whole]
      return { value: whole ? own / whole : 0, low, high, own, whole }
    }),
  )
  const flat = cells.flat().filter((one) => one !== null)
  const scale = ticksAround(
    Math.min(...flat.map((one) => one.low)),
    Math.max(...flat.map((one) => one.high)),
    width < 420 ? 4 : 6,
  )
  const room = Math.min(
    width * 0.36,
    Math.max(...grid.axis.map((one) => widthOf(one.label)), 16) + 14,
  )
  const base = (_: number, x: number) => axisTip(scene, grid, colourOf, x)
  const tip = (_: number, x: number): Tip | null => {
    const found = base(0, x)
    if (!found || !shares) return found
    found.rows = grid.series.map((one, y) => {
      const cell = cells[x]![y]
      if (!cell) return { colour: colourOf(y), name: one.label, value: '—' }
      return {
        colour: colourOf(y),
        name: one.label,
        value: percent(cell.value),
        share: counts ? `${percent(cell.low)} – ${percent(cell.high)}` : '',
      }
    })
    found.note = counts
      ? `95 % intervals, as if the ${scene.measure.label.toLowerCase()} were drawn from more of their kind`
      : ''
    return found
  }

  const marks: Mark[] = []
  const series = grid.series.map((one, y) => ({
    id: `s${y}`,
    type: 'custom',
    cursor: 'pointer',
    clip: false,
    data: grid.axis.map((place, x) => {
      const cell = cells[x]![y]
      const mark: Mark = {
        series: y,
        data: x,
        axisMember: place.value,
        label: () => spoken(tip(y, x), shares ? y : grid.series.length - 1 - y),
      }
      if (many && plan.click === plan.series) mark.member = one.value
      else if (!place.other) mark.member = place.value
      marks.push(mark)
      return [cell?.value ?? NaN, x, cell?.low ?? NaN, cell?.high ?? NaN, fade(scene, mark)]
    }),
    encode: { x: 0, y: 1 },
    renderItem: (_: unknown, api: Api) => {
      if (Number.isNaN(api.value(0))) return null
      const row = api.size([0, 1])[1]
      const slot = Math.min(14, (row * 0.8) / grid.series.length)
      const shift = (y - (grid.series.length - 1) / 2) * slot
      const [x, centre] = api.coord([api.value(0), api.value(1)])
      const [low] = api.coord([api.value(2), api.value(1)])
      const [high] = api.coord([api.value(3), api.value(1)])
      const at = centre + shift
      const opacity = api.value(4)
      return {
        type: 'group',
        children: [
          ...(high > low
            ? [
                {
                  type: 'line',
                  shape: { x1: low, y1: at, x2: high, y2: at },
                  style: { stroke: colourOf(y), lineWidth: 2, opacity: 0.5 * opacity },
                },
              ]
            : []),
          {
            type: 'circle',
            shape: { cx: x, cy: at, r: 4.5 },
            style: { fill: colourOf(y), opacity },
          },
        ],
      }
    },
  }))
  return {
    option: {
      grid: { ...kGrid, left: room, right: 18, top: 4, bottom: 24 },
      xAxis: {
        type: 'value',
        min: scale.min,
        max: scale.max,
        interval: scale.interval,
        axisLine: { show: false },
        axisTick: { show: false },
        splitLine: { lineStyle: { color: theme.line } },
        axisLabel: { ...label(theme), formatter: (value: number) => tickText(value, style, scale) },
      },
      yAxis: {
        type: 'category',
        inverse: true,
        data: grid.axis.map((one) => fitted(one.label, room - 10)),
        axisTick: { show: false },
        axisLine: { show: false },
        splitLine: { show: false },
        axisLabel: { ...label(theme, theme.text), interval: 0 },
      },
      series,
    },
    marks,
    tip,
    ...(many
      ? {
          legend: grid.series.map((one, y) => ({
            name: one.label,
            colour: colourOf(y),
            member: one.value,
          })),
        }
      : {}),
  }
}
