import { exact, percent, short, styleOf } from '../model/format'
import type { Drawing, Mark, Scene, Tip } from './drawing'
import { inkOn, mixed } from './ink'
import { changeText } from './hover'
import { fade } from './emphasis'
import { kGrid, label } from './axes'
import { stackable } from './stack'
import { pivot } from './pivot'
import { fitted, widthOf } from './text'

/** A grid of cells, dark for much: rows are the first dimension, columns the second. */
export function heatmap(scene: Scene): Drawing {
  const { theme, plan, answer, width, height } = scene
  const grid = pivot(answer, scene.measure.name, scene.rank)
  const share = scene.share && stackable(scene)
  const style = share ? { type: 'percent' } : styleOf(scene.measure)
  const numeric = grid.seriesColumn?.type === 'number'
  const order = grid.series.map((_, y) => y)
  if (numeric) order.sort((a, b) => Number(grid.series[a]!.value) - Number(grid.series[b]!.value))
  // A cohort's share is of its first column: what was there when it began.
  const cells = grid.axis.map((_, x) => {
    const own = order.map((y) => grid.at(x, y))
    if (!share) return own
    const first = own.find((one) => one !== null)
    return own.map((one) => (one !== null && first ? one / first : null))
  })
  const all = cells.flat().filter((one) => one !== null)
  const high = Math.max(...all, 0)
  const low = Math.min(...all, high)
  const base = share ? 0 : Math.min(low, 0)
  // Where all is the same, all is dark.
  const bottomOf = high > base ? base : high - 1
  const left = Math.min(
    width * 0.3,
    Math.max(...grid.axis.map((one) => widthOf(one.label)), 10) + 12,
  )
  const [top, bottom, right] = [22, 4, 8]
  const cellWidth = (width - left - right) / Math.max(order.length, 1)
  const cellHeight = (height - top - bottom) / Math.max(grid.axis.length, 1)
  const widest = Math.max(...all.map((one) => widthOf(short(one, style), 11.5)), 0)
  const written = cellWidth > widest + 6 && cellHeight > 12
  const heads = order.map((one) =>
    numeric
      ? grid.series[one]!.label
      : fitted(grid.series[one]!.label, Math.max(cellWidth - 6, 24)),
  )
  const nth = Math.max(
    1,
    Math.ceil((Math.max(...heads.map((one) => widthOf(one)), 8) + 4) / cellWidth),
  )
  const rowNth = Math.max(1, Math.ceil(12 / cellHeight))

  const marks: Mark[] = []
  const places: { x: number; at: number }[] = []
  const tipAt = ({ x, at }: { x: number; at: number }): Tip => {
    const y = order[at]!
    const raw = grid.at(x, y)!
    const tip: Tip = {
      title: `${grid.axis[x]!.label} · ${grid.seriesColumn?.label ?? ''} ${grid.series[y]!.label}`,
      rows: [{ name: scene.measure.label, value: exact(raw, styleOf(scene.measure)) }],
    }
    if (share) tip.rows[0]!.share = percent(cells[x]![at]!)
    if (grid.hasBefore) tip.rows[0]!.change = changeText(raw, grid.before(x, y)) ?? ''
    return tip
  }
  const spokenAt = (place: { x: number; at: number }): string => {
    const { title, rows } = tipAt(place)
    return `${title}: ${rows[0]!.value}${rows[0]!.share ? `, ${rows[0]!.share}` : ''}`
  }
  const data: unknown[] = []
  grid.axis.forEach((place, x) =>
    order.forEach((y, at) => {
      const own = cells[x]![at]!
      if (own === null) return
      const here = { x, at }
      const mark: Mark = {
        series: 0,
        data: data.length,
        axisMember: place.value,
        member: plan.click === plan.series ? grid.series[y]!.value : place.value,
        label: () => spokenAt(here),
      }
      marks.push(mark)
      places.push(here)
      const opacity = fade(scene, mark)
      if (!written && opacity === 1) {
        data.push([at, x, own])
        return
      }
      const colour = mixed(theme.low, theme.high, (own - bottomOf) / (high - bottomOf))
      data.push({
        value: [at, x, own],
        itemStyle: { opacity },
        label: { color: inkOn(colour) },
      })
    }),
  )
  return {
    option: {
      grid: { ...kGrid, left, right, top, bottom },
      xAxis: {
        type: 'category',
        position: 'top',
        data: heads,
        axisTick: { show: false },
        axisLine: { show: false },
        axisLabel: { ...label(theme), margin: 6, interval: (index: number) => index % nth === 0 },
      },
      yAxis: {
        type: 'category',
        inverse: true,
        data: grid.axis.map((one) => fitted(one.label, left - 10)),
        axisTick: { show: false },
        axisLine: { show: false },
        axisLabel: {
          ...label(theme, theme.text),
          margin: 8,
          interval: (index: number) => index % rowNth === 0,
        },
      },
      visualMap: {
        show: false,
        type: 'continuous',
        min: bottomOf,
        max: high,
        dimension: 2,
        inRange: { color: [theme.low, theme.high] },
      },
      series: [
        {
          id: 's0',
          type: 'heatmap',
          cursor: 'pointer',
          emphasis: { disabled: true },
          itemStyle: { borderColor: theme.card, borderWidth: cellWidth > 12 ? 1 : 0.5 },
          label: {
            show: written,
            ...label(theme),
            formatter: ({ value }: { value: [number, number, number] }) => short(value[2], style),
          },
          data,
        },
      ],
    },
    marks,
    tip: (_, index) => (places[index] ? tipAt(places[index]) : null),
  }
}
