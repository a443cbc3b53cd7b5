import { change, exact, percent, signedPercent, styleOf } from '../model/format'
import type { Scene, Tip } from './drawing'
import { unfinished } from './emphasis'
import type { Pivot } from './pivot'
import { stackable, wholeOf } from './stack'

export const changeText = (now: number | null, before: number | null): string | undefined => {
  const moved = change(now, before)
  return moved === null ? undefined : signedPercent(moved)
}

/** The hover of an axis member: each series, its share of the whole, its change. */
export function axisTip(
  scene: Scene,
  grid: Pivot,
  colourOf: (series: number) => string,
  x: number,
): Tip | null {
  const place = grid.axis[x]
  if (!place) return null
  const style = styleOf(scene.measure)
  const parts = stackable(scene) && grid.series.length > 1
  const whole = parts ? grid.sum(x) : null
  const total = wholeOf(scene, grid)
  const rows = grid.series
    .map((one, y) => {
      const value = grid.at(x, y)
      const row: Tip['rows'][number] = {
        colour: colourOf(y),
        name: grid.seriesColumn ? one.label : scene.measure.label,
        value: value === null ? '—' : exact(value, style),
      }
      const of = parts ? whole : total
      if (value !== null && of) row.share = percent(value / of)
      if (grid.hasBefore) row.change = changeText(value, grid.before(x, y)) ?? ''
      return row
    })
    .reverse()
  if (whole !== null && parts) {
    rows.push({
      name: 'Together',
      value: exact(whole, style),
      ...(grid.hasBefore ? { change: changeText(whole, grid.sumBefore(x)) ?? '' } : {}),
    })
  }
  const tip: Tip = { title: place.label, rows }
  if (unfinished(scene, place.value) && scene.answer.known_until)
    tip.note = `Not finished: known to ${scene.answer.known_until}`
  return tip
}

/** What a screen reader says of a mark: its place, value, share and change. */
export function spoken(tip: Tip | null, row: number): string {
  if (!tip) return ''
  const one = tip.rows[row]
  if (!one) return tip.title
  const rest = [
    one.value,
    one.share && `${one.share} of all`,
    one.change && `${one.change} on before`,
  ]
  return `${tip.title}, ${one.name}: ${rest.filter(Boolean).join(', ')}`
}
