import type { Answer } from '../api/types'
import type { Scene } from './drawing'
import type { Pivot } from './pivot'

/** Whether parts of the measure add up within a period: then they may be stacked, and have shares. */
export function stackable(scene: Scene): boolean {
  const { measure, answer } = scene
  if (answer.bridge === 'overlapping') return false
  return measure.additive || (measure.closing && partsFit(answer, measure.name))
}

/** Whether the rows of the last finished period are not more than the total: means and ratios are. */
function partsFit(answer: Answer, name: string): boolean {
  const at = answer.columns.findIndex((one) => one.name === name)
  const total = answer.totals?.[at]
  if (typeof total !== 'number') return false
  const time = answer.columns.findIndex((one) => one.grain)
  let rows = answer.rows
  if (time >= 0) {
    const open = answer.unfinished_from ?? '9999'
    const last = rows.reduce((latest, row) => {
      const day = String(row[time] ?? '')
      return day < open && day > latest ? day : latest
    }, '')
    rows = rows.filter((row) => row[time] === last)
  }
  const sum = rows.reduce((all, row) => all + Number(row[at] ?? 0), 0)
  return rows.length < 2 || sum <= total * 1.001
}

/** The whole that an axis member is a share of: only where members add up. */
export function wholeOf(scene: Scene, grid: Pivot): number | null {
  if (!stackable(scene) || grid.axisColumn?.grain) return null
  const index = scene.answer.columns.indexOf(grid.measure)
  const total = scene.answer.totals?.[index]
  return typeof total === 'number' && total > 0 ? total : null
}
