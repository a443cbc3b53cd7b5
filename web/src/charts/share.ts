import { short } from '../model/format'
import { columns } from './columns'
import type { Drawing, Mark, Scene } from './drawing'
import { axisTip, spoken } from './hover'
import { fade, faded } from './emphasis'
import { kGrid, label } from './axes'
import { pivot } from './pivot'
import { inkOn } from './ink'
import { fitted, widthOf } from './text'

/** Shares of a whole: bars (or columns over time) of one length, cut by series. */
export function share(scene: Scene): Drawing {
  const { theme, plan, answer, width, height } = scene
  const grid = pivot(answer, scene.measure.name, scene.rank)
  if (grid.axisColumn?.grain) return columns({ ...scene, share: true })
  const colourOf = (y: number) => scene.colour(grid.series[y]!.value)
  const room = Math.min(
    width * 0.4,
    Math.max(...grid.axis.map((one) => widthOf(one.label)), 16) + 12,
  )
  const rowHeight = (height - 24) / Math.max(grid.axis.length, 1)
  const barWidth = Math.max(6, Math.min(22, rowHeight * 0.66))
  const marks: Mark[] = []
  const tip = (_: number, x: number) => axisTip(scene, grid, colourOf, x)
  const right = Math.ceil(widthOf(short(1, { type: 'percent' })) / 2) + 2
  const plotWidth = width - room - right
  const series = grid.series.map((one, y) => ({
    id: `s${y}`,
    type: 'bar',
    stack: 'all',
    barWidth,
    cursor: 'pointer',
    emphasis: { disabled: true },
    itemStyle: { color: colourOf(y), borderColor: theme.card, borderWidth: 1 },
    label: {
      show: barWidth >= 13,
      ...label(theme, inkOn(colourOf(y))),
      fontWeight: 600,
      formatter: ({ value }: { value: number | null }) =>
        value !== null && value * plotWidth > 40 ? short(value, { type: 'percent' }) : '',
    },
    data: grid.axis.map((place, x) => {
      const mark: Mark = {
        series: y,
        data: x,
        axisMember: place.value,
        label: () => spoken(tip(y, x), grid.series.length - 1 - y),
      }
      if (plan.click === plan.series) mark.member = one.value
      else if (!place.other) mark.member = place.value
      marks.push(mark)
      const whole = grid.sum(x)
      const own = grid.at(x, y)
      return faded(own === null || !whole ? null : own / whole, fade(scene, mark))
    }),
  }))
  return {
    option: {
      grid: { ...kGrid, left: room, right, top: 0, bottom: 22 },
      xAxis: {
        type: 'value',
        min: 0,
        max: 1,
        interval: 0.25,
        splitLine: { lineStyle: { color: theme.line } },
        axisLabel: {
          ...label(theme),
          formatter: (value: number) => short(value, { type: 'percent' }),
        },
      },
      yAxis: {
        type: 'category',
        inverse: true,
        data: grid.axis.map((one) => fitted(one.label, room - 10)),
        axisTick: { show: false },
        axisLine: { show: false },
        axisLabel: {
          ...label(theme, theme.text),
          fontSize: Math.max(9, Math.min(11.5, rowHeight - 1)),
          interval: 0,
          margin: 8,
        },
      },
      series,
    },
    marks,
    tip,
    legend: grid.series.map((one, y) => ({
      name: one.label,
      colour: colourOf(y),
      member: one.value,
    })),
  }
}
