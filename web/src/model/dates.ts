import type { Grain } from '../api/types'

/** Dates are text, YYYY-MM-DD, and stay so: no time zone ever touches them. */
interface Day {
  year: number
  month: number
  day: number
}

export function parts(date: string): Day {
  const [year = 1970, month = 1, day = 1] = date.split('-').map(Number)
  return { year, month, day }
}
const two = (value: number) => String(value).padStart(2, '0')
const text = (date: Date) =>
  `${String(date.getUTCFullYear()).padStart(4, '0')}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`
export const utc = (date: string) => {
  const { year, month, day } = parts(date)
  return new Date(Date.UTC(year, month - 1, day))
}

/** The first day of the period `steps` after that of `date`. */
export function step(date: string, grain: Grain, steps: number): string {
  const day = utc(date)
  if (grain === 'day') day.setUTCDate(day.getUTCDate() + steps)
  else if (grain === 'week') day.setUTCDate(day.getUTCDate() + 7 * steps)
  else if (grain === 'month') day.setUTCMonth(day.getUTCMonth() + steps)
  else if (grain === 'quarter') day.setUTCMonth(day.getUTCMonth() + 3 * steps)
  else day.setUTCFullYear(day.getUTCFullYear() + steps)
  return text(day)
}

/** The last day of the period that begins on `date`. */
export const endOf = (date: string, grain: Grain): string => step(step(date, grain, 1), 'day', -1)

/** The first and last day of a range written in months (or days). */
export const firstDay = (month: string) => (month.length === 7 ? `${month}-01` : month)
export const lastDay = (month: string) =>
  month.length === 7 ? endOf(`${month}-01`, 'month') : month

/** Every period from the first to the last, so that a gap is drawn as a gap. */
export function filled(dates: string[], grain: Grain): string[] {
  if (dates.length < 2) return dates
  const out: string[] = []
  const last = dates[dates.length - 1]!
  for (let at = dates[0]!; at <= last && out.length < 5000; at = step(at, grain, 1)) out.push(at)
  // Periods that do not lie on the calendar's steps are kept as they came.
  return out.includes(last) ? out : dates
}
