import type { Column, Grain, Measure, Member } from '../api/types'
import { parts, utc } from './dates'

/** Numbers and dates in the reader's locale. Formatters are made once: they are slow to make. */
const locale = typeof navigator === 'undefined' ? 'en' : navigator.language
const made = new Map<string, Intl.NumberFormat>()
/** The formatter of a name that stands for its options: names are cheaper to look up than options. */
function number(name: string, options: () => Intl.NumberFormatOptions): Intl.NumberFormat {
  let format = made.get(name)
  if (!format) made.set(name, (format = new Intl.NumberFormat(locale, options())))
  return format
}
/** Numbers with at most so many digits behind the point. */
const plain = (digits: number) =>
  number(`plain ${digits}`, () => ({ maximumFractionDigits: digits }))
const currencyOf = (unit: string | undefined) => (unit?.length === 3 ? unit : 'USD')

const dated = new Map<string, (day: string) => string>()
/** Writes days of a form. There are few of them and each is asked for often, so they are kept. */
function date(name: string, options: Intl.DateTimeFormatOptions): (day: string) => string {
  let format = dated.get(name)
  if (format) return format
  const made = new Intl.DateTimeFormat(locale, { ...options, timeZone: 'UTC' })
  const kept = new Map<string, string>()
  format = (day) => {
    let text = kept.get(day)
    if (text === undefined) {
      if (kept.size > 5000) kept.clear()
      kept.set(day, (text = made.format(utc(day))))
    }
    return text
  }
  dated.set(name, format)
  return format
}

export const kUnknown = 'Unknown'
export const kDash = '—'

export interface Style {
  type: string
  unit?: string
}
export const styleOf = (measure: Measure): Style => ({ type: measure.format, unit: measure.unit })

/**
 * A share to so many digits. One that is not quite none or all is never rounded to it: 2,499 of 2,500 are
 * ">99.9%". What arithmetic leaves of a whole is the whole.
 */
function share(value: number, digits: number, fixed: boolean): string {
  const format = number(`share ${digits} ${fixed}`, () => ({
    style: 'percent',
    minimumFractionDigits: fixed ? digits : 0,
    maximumFractionDigits: digits,
  }))
  const step = 10 ** -(digits + 2)
  const size = Math.abs(value)
  const off = (whole: number) => Math.abs(size - whole) > 1e-9 && Math.abs(size - whole) < step / 2
  if (value > 0 && off(0)) return `<${format.format(step)}`
  if (value > 0 && value < 1 && off(1)) return `>${format.format(1 - step)}`
  return format.format(value)
}

/** A measure's value, whole. */
export function exact(value: number, { type, unit }: Style): string {
  const size = Math.abs(value)
  switch (type) {
    case 'money': {
      const [currency, digits] = [currencyOf(unit), size < 1000 ? 2 : 0]
      return number(`money ${currency} ${digits}`, () => ({
        style: 'currency',
        currency,
        maximumFractionDigits: digits,
        minimumFractionDigits: digits,
      })).format(value)
    }
    case 'percent':
      return share(value, 1, true)
    case 'rating':
      return number('rating', () => ({
        minimumFractionDigits: 1,
        maximumFractionDigits: 2,
      })).format(value)
    case 'days':
    case 'years':
      return plain(1).format(value)
    default:
      return plain(size < 100 ? 1 : 0).format(value)
  }
}

/** A measure's value, short: for axes, the ends of bars and KPIs that would not fit. */
export function short(value: number, style: Style): string {
  const size = Math.abs(value)
  if (style.type === 'percent') return share(value, size < 0.1 ? 1 : 0, false)
  if (style.type === 'rating') return plain(1).format(value)
  const compact = { notation: 'compact', maximumFractionDigits: 1 } as const
  if (style.type === 'money') {
    const currency = currencyOf(style.unit)
    if (size < 100 && value !== Math.round(value))
      return number(`cents ${currency}`, () => ({
        style: 'currency',
        currency,
        maximumFractionDigits: 2,
      })).format(value)
    return number(`short money ${currency}`, () => ({
      style: 'currency',
      currency,
      ...compact,
      minimumFractionDigits: 0,
    })).format(value)
  }
  if (size < 10_000) return plain(size < 100 ? 1 : 0).format(value)
  return number('short', () => compact).format(value)
}

/** A change, signed, as a share of what was before; null when that says nothing. */
export function change(now: number | null, before: number | null): number | null {
  if (now === null || before === null || before === 0) return null
  return (now - before) / Math.abs(before)
}
/** A change as a signed share; one of more than tenfold as how many times it is. */
export const signedPercent = (value: number): string =>
  value >= 10
    ? `× ${plain(0).format(value + 1)}`
    : number('signed percent', () => ({
        style: 'percent',
        signDisplay: 'exceptZero',
        minimumFractionDigits: 1,
        maximumFractionDigits: 1,
      })).format(value)
export function signed(value: number, style: Style): string {
  const sign = value > 0 ? '+' : value < 0 ? '−' : ''
  return sign + exact(Math.abs(value), style)
}
export const percent = (value: number): string => exact(value, { type: 'percent' })
export const count = (value: number): string => plain(0).format(value)

/** A period by its first day: "Jul 2023", "Q3 2023", "2023", "15 Jul 2023". */
export function period(day: string, grain: Grain | undefined, brief = false): string {
  const { year, month } = parts(day)
  switch (grain) {
    case 'year':
      return String(year)
    case 'quarter':
      return brief
        ? `Q${Math.ceil(month / 3)} ${String(year).slice(2)}`
        : `Q${Math.ceil(month / 3)} ${year}`
    case 'month':
      return brief
        ? date('brief month', { month: 'short', year: '2-digit' })(day)
        : date('month', { month: 'short', year: 'numeric' })(day)
    default:
      return brief
        ? date('brief day', { day: 'numeric', month: 'short' })(day)
        : date('day', { day: 'numeric', month: 'short', year: 'numeric' })(day)
  }
}
export const monthName = (day: string): string => date('month name', { month: 'short' })(day)
export const plainDay = (day: string): string => period(day, 'day')
/** An instant (of a run, a publish) in the reader's own time. */
export function instant(at: string): string {
  const time = new Date(at)
  if (Number.isNaN(time.valueOf())) return at
  const today = new Date().toDateString() === time.toDateString()
  const clock = time.toLocaleTimeString(locale, { hour: '2-digit', minute: '2-digit' })
  return today
    ? `today ${clock}`
    : `${time.toLocaleDateString(locale, { day: 'numeric', month: 'short', year: 'numeric' })} ${clock}`
}
export function seconds(value: number): string {
  if (value < 1) return `${Math.round(value * 1000)} ms`
  if (value < 90) return `${plain(1).format(value)} s`
  return `${plain(1).format(value / 60)} min`
}
export const bytes = (value: number): string => {
  const step =
    value >= 1e9
      ? ([1e9, 'GB'] as const)
      : value >= 1e6
        ? ([1e6, 'MB'] as const)
        : ([1e3, 'KB'] as const)
  return `${plain(1).format(value / step[0])} ${step[1]}`
}

/** A member of a dimension as it is shown. */
export function member(value: Member, column?: Pick<Column, 'type' | 'grain'>): string {
  if (value === null || value === '') return kUnknown
  if (column?.grain && typeof value === 'string') return period(value, column.grain)
  if (typeof value === 'boolean') return value ? 'Yes' : 'No'
  if (column?.type === 'date' && typeof value === 'string') return plainDay(value)
  if (column?.type === 'flag')
    return value === 'true' ? 'Yes' : value === 'false' ? 'No' : String(value)
  return String(value)
}
/** Any cell of an answer, whole. */
export function cell(value: Member, column: Column): string {
  if (column.kind === 'dimension') return member(value, column)
  if (value === null) return kDash
  return exact(Number(value), column)
}
