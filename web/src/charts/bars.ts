import { short, styleOf } from '../model/format'
import type { Drawing, Mark, Scene } from './drawing'
import { axisTip, spoken } from './hover'
import { fade, faded } from './emphasis'
import { kGrid, label } from './axes'
import { stackable } from './stack'
import { pivot } from './pivot'
import { fitted, widthOf } from './text'

/** Horizontal bars: a member a row, its value at the end. */
export function bars(scene: Scene): Drawing {
  const { theme, plan, answer, width, height } = scene
  const grid = pivot(answer, scene.measure.name, scene.rank)
  const style = styleOf(scene.measure)
  const many = grid.seriesColumn !== undefined
  const stacked = many && stackable(scene)
  const colourOf = (y: number) => (many ? scene.colour(grid.series[y]!.value) : theme.series[0]!)
  const ends = grid.axis.map((_, x) => (stacked ? grid.sum(x) : (grid.at(x, 0) ?? null)))
  const high = Math.max(
    ...grid.axis.flatMap((_, x) =>
      stacked ? [grid.sum(x) ?? 0] : grid.series.map((_, y) => grid.at(x, y) ?? 0),
    ),
    ...(grid.hasBefore && !many ? grid.axis.map((_, x) => grid.before(x, 0) ?? 0) : []),
    0,
  )
  const valueText = (value: number | null) => (value === null ? '—' : short(value, style))

  const room = Math.min(
    width * 0.42,
    Math.max(...grid.axis.map((one) => widthOf(one.label)), 24) + 12,
  )
  const right = Math.max(...ends.map((one) => widthOf(valueText(one), 12))) + 12
  const rowHeight = (height - 8) / Math.max(grid.axis.length, 1)
  const barWidth = Math.max(5, Math.min(16, rowHeight * 0.58))

  const marks: Mark[] = []
  const tip = (_: number, x: number) => axisTip(scene, grid, colourOf, x)
  const series: Record<string, unknown>[] = grid.series.map((one, y) => ({
    id: `s${y}`,
    type: 'bar',
    ...(stacked ? { stack: 'all' } : {}),
    ...(stacked || grid.series.length === 1 ? { barWidth } : { barMaxWidth: 12 }),
    cursor: 'pointer',
    emphasis: { disabled: true },
    itemStyle: { color: colourOf(y), borderRadius: many ? 0 : [0, 2, 2, 0] },
    data: grid.axis.map((place, x) => {
      const mark: Mark = {
        series: y,
        data: x,
        axisMember: place.value,
        label: () => spoken(tip(y, x), grid.series.length - 1 - y),
      }
      const bySeries = many && plan.click === plan.series
      if (bySeries) mark.member = one.value
      else if (!place.other) mark.member = place.value
      marks.push(mark)
      // The last of a stack carries the label, so it is there even when it is nothing.
      const value = stacked ? (grid.at(x, y) ?? 0) : grid.at(x, y)
      if (!place.other && (place.value !== null || many)) return faded(value, fade(scene, mark))
      return { value, itemStyle: { color: theme.greys[1]!, opacity: fade(scene, mark) } }
    }),
    ...(many && y < grid.series.length - 1 && stacked
      ? {}
      : {
          label: {
            show: true,
            position: 'right',
            distance: 6,
            ...label(theme, theme.text),
            fontSize: 12,
            formatter: ({ dataIndex }: { dataIndex: number }) =>
              valueText(stacked ? ends[dataIndex]! : grid.at(dataIndex, y)),
          },
        }),
  }))
  if (grid.hasBefore && !many)
    series.push({
      id: 'before',
      type: 'bar',
      barWidth: barWidth + 6,
      barGap: '-100%',
      z: 1,
      silent: true,
      itemStyle: {
        color: 'transparent',
        borderColor: theme.soft,
        borderWidth: 1,
        borderType: [2, 2],
      },
      data: grid.axis.map((_, x) => grid.before(x, 0)),
    })

  return {
    option: {
      grid: { ...kGrid, left: room, right, top: 0, bottom: 8 },
      xAxis: { type: 'value', show: false, min: 0, max: high || 1 },
      yAxis: {
        type: 'category',
        inverse: true,
        data: grid.axis.map((one) => fitted(one.label, room - 10)),
        axisTick: { show: false },
        axisLine: { show: false },
        axisLabel: { ...label(theme, theme.text), interval: 0, margin: 8 },
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
