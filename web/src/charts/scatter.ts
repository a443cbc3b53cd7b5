import type { Member } from '../api/types'
import { cell, member, short } from '../model/format'
import type { Drawing, Mark, Scene, Tip } from './drawing'
import { shareOf, ticksAround } from './scale'
import { fade } from './emphasis'
import { kGrid, label, ticksWidth } from './axes'
import { fitted, widthOf } from './text'

/** A dot a member: the first measure across, the second up, the third its area. */
export function scatter(scene: Scene): Drawing {
  const { theme, answer, width, height } = scene
  const [d] = answer.columns
    .map((one, index) => (one.kind === 'dimension' ? index : -1))
    .filter((at) => at >= 0)
  const measures = answer.columns
    .map((one, index) => ({ one, index }))
    .filter(({ one }) => one.kind === 'measure')
  const [mx, my, mz] = measures
  const numbers = (index: number) =>
    answer.rows.map((row) => Number(row[index])).filter((one) => !Number.isNaN(one))
  const rows = answer.rows.filter(
    (row) => mx && my && row[mx.index] !== null && row[my.index] !== null,
  )
  if (!mx || !my || d === undefined) return { option: {}, marks: [], tip: () => null }
  const [low, high] = [Math.min(...numbers(mx.index)), Math.max(...numbers(mx.index))]
  // Sizes that differ a hundredfold would all lie at the left: their axis is logarithmic, and says so.
  const isLog = low > 0 && high / low > 100
  const sx = isLog
    ? {
        min: 10 ** Math.floor(Math.log10(low)),
        max: 10 ** Math.ceil(Math.log10(high)),
        interval: 1,
      }
    : ticksAround(low, high, width < 480 ? 4 : 6)
  const sy = ticksAround(Math.min(...numbers(my.index)), Math.max(...numbers(my.index)), 5)
  const biggest = mz ? Math.max(...numbers(mz.index), 1) : 1
  const style = (at: { one: { type: string; unit?: string } }) => ({
    type: at.one.type,
    unit: at.one.unit ?? '',
  })
  const left = ticksWidth(sy, style(my)) + 12
  const column = answer.columns[d]!
  const grid = { ...kGrid, left, right: 24, top: 26, bottom: 38 }
  const sizeOf = (row: Member[]) =>
    8 + (mz ? Math.sqrt(Math.max(Number(row[mz.index]), 0) / biggest) : 0.5) * 30
  const isRight = (row: Member[]) => shareOf(Number(row[mx.index]), sx, isLog) > 0.8
  const named = namesThatFit()
  const tips: Tip[] = []
  const marks: Mark[] = []
  const data = rows.map((row, index) => {
    const tip: Tip = {
      title: member(row[d]!, column),
      rows: measures.map(({ one, index: at }) => ({ name: one.label, value: cell(row[at]!, one) })),
    }
    tips.push(tip)
    const mark: Mark = {
      series: 0,
      data: index,
      member: row[d]!,
      axisMember: row[d]!,
      label: () => `${tip.title}: ${tip.rows.map((one) => `${one.name} ${one.value}`).join(', ')}`,
    }
    marks.push(mark)
    return {
      value: [Number(row[mx.index]), Number(row[my.index])],
      symbolSize: sizeOf(row),
      itemStyle: { opacity: 0.72 * fade(scene, mark) },
      label: {
        show: named.has(index),
        formatter: fitted(tip.title, 110),
        position: isRight(row) ? 'left' : 'right',
      },
    }
  })
  const axis = (at: typeof mx, scale: typeof sx) => ({
    type: 'value',
    min: scale.min,
    max: scale.max,
    interval: scale.interval,
    axisLine: { show: false },
    axisTick: { show: false },
    splitLine: { lineStyle: { color: theme.line } },
    axisLabel: { ...label(theme), formatter: (value: number) => short(value, style(at)) },
  })
  return {
    option: {
      grid,
      xAxis: {
        ...axis(mx, sx),
        ...(isLog ? { type: 'log', logBase: 10 } : {}),
        name: `${mx.one.label}${isLog ? ', each step tenfold' : ''} →`,
        nameLocation: 'end',
        nameGap: 0,
        nameTextStyle: {
          ...label(theme),
          align: 'right',
          verticalAlign: 'top',
          padding: [24, 0, 0, 0],
        },
      },
      yAxis: {
        ...axis(my, sy),
        name: `${my.one.label} ↑`,
        nameLocation: 'end',
        nameGap: 10,
        nameTextStyle: { ...label(theme), align: 'left', padding: [0, 0, 0, -left + 4] },
      },
      series: [
        {
          id: 's0',
          type: 'scatter',
          cursor: 'pointer',
          clip: false,
          emphasis: { disabled: true },
          itemStyle: { color: theme.series[0], borderColor: theme.card, borderWidth: 1 },
          label: { position: 'right', distance: 4, ...label(theme, theme.text) },
          data,
        },
      ],
    },
    marks,
    tip: (_, index) => tips[index] ?? null,
  }

  /** Names the largest dots, and of the others those whose name would lie on no other. */
  function namesThatFit(): Set<number> {
    const taken: [number, number, number, number][] = []
    const out = new Set<number>()
    const places = rows.map((row, index) => {
      const x =
        grid.left + shareOf(Number(row[mx!.index]), sx, isLog) * (width - grid.left - grid.right)
      const y =
        height -
        grid.bottom -
        shareOf(Number(row[my!.index]), sy) * (height - grid.top - grid.bottom)
      return { row, index, x, y, size: sizeOf(row) }
    })
    for (const { row, index, x, y, size } of places.sort((a, b) => b.size - a.size)) {
      const long = Math.min(widthOf(member(row[d!]!, answer.columns[d!])), 110)
      const from = isRight(row) ? x - size / 2 - 4 - long : x + size / 2 + 4
      const box: [number, number, number, number] = [from, y - 8, from + long, y + 8]
      const free = taken.every(
        ([a, b, c, e]) => box[2] < a || box[0] > c || box[3] < b || box[1] > e,
      )
      if (!free) continue
      out.add(index)
      taken.push(box, [x - size / 2, y - size / 2, x + size / 2, y + size / 2])
    }
    return out
  }
}
