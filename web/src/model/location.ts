import type { Member } from '../api/types'

/** A page filter: chosen members, or a range of months ("date" only). */
export interface PageFilter {
  in?: Member[]
  from?: string
  to?: string
  /** The tile whose mark set it: that tile highlights instead of filtering itself. */
  source?: string
}
export type Filters = Record<string, PageFilter>
/** What a reader chose in one tile: measure, grain, compare, drill, view. */
export type Choice = Record<string, string>

export interface Place {
  page: string
  filters: Filters
  choices: Record<string, Choice>
}

const encodeMember = (value: Member): string =>
  value === null
    ? '~'
    : encodeURIComponent(String(value)).replaceAll('~', '%7E').replaceAll('%20', '+')
const decode = (text: string): string => {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    return text
  }
}
const decodeMember = (text: string): Member => (text === '~' ? null : decode(text))

/** Writes a list of members as one URL value: `Spain,Mexico`, null as `~`. */
export const encodeMembers = (values: Member[]): string => values.map(encodeMember).join(',')
export const decodeMembers = (text: string): Member[] =>
  text === '' ? [] : text.split(',').map(decodeMember)

/**
 * Writes a place as a URL: `/overview?country=Spain,Mexico&date=2022-01..2023-06`. A key that
 * begins with `@` names the tile that set a filter; one with a dot is a choice of a tile.
 */
export function urlOf(place: Place): string {
  const parts: string[] = []
  for (const [name, filter] of Object.entries(place.filters)) {
    if (filter.in) {
      if (filter.in.length === 0) continue
      parts.push(`${encodeURIComponent(name)}=${encodeMembers(filter.in)}`)
    } else if (filter.from || filter.to) {
      parts.push(`${encodeURIComponent(name)}=${filter.from ?? ''}..${filter.to ?? ''}`)
    } else continue
    if (filter.source)
      parts.push(`@${encodeURIComponent(name)}=${encodeURIComponent(filter.source)}`)
  }
  for (const [tile, choice] of Object.entries(place.choices))
    for (const [key, value] of Object.entries(choice))
      if (value !== '') parts.push(`${encodeURIComponent(tile)}.${key}=${value}`)
  return `/${place.page}${parts.length ? `?${parts.join('&')}` : ''}`
}

/** Reads a place back from a URL's path and search. */
export function placeOf(path: string, search: string): Place {
  const place: Place = { page: decode(path.replace(/^\/+|\/+$/g, '')), filters: {}, choices: {} }
  for (const part of search.replace(/^\?/, '').split('&')) {
    if (!part) continue
    const at = part.indexOf('=')
    const key = decode(at < 0 ? part : part.slice(0, at))
    const value = at < 0 ? '' : part.slice(at + 1)
    if (value === '') continue
    if (key.startsWith('@')) {
      const filter = place.filters[key.slice(1)]
      if (filter) filter.source = decode(value)
    } else if (key.includes('.')) {
      const dot = key.lastIndexOf('.')
      ;(place.choices[key.slice(0, dot)] ??= {})[key.slice(dot + 1)] = value
    } else if (key === 'date') {
      const range = /^([\d-]*)\.\.([\d-]*)$/.exec(decode(value))
      if (range && (range[1] || range[2])) {
        const filter: PageFilter = {}
        if (range[1]) filter.from = range[1]
        if (range[2]) filter.to = range[2]
        place.filters.date = filter
      }
    } else place.filters[key] = { in: decodeMembers(value) }
  }
  return place
}

/** Adds, removes or replaces a member, as a click (`add` false) or Ctrl-click (`add` true) does. */
export function toggled(chosen: Member[], value: Member, add: boolean): Member[] {
  const has = chosen.includes(value)
  if (add) return has ? chosen.filter((one) => one !== value) : [...chosen, value]
  return has && chosen.length === 1 ? [] : [value]
}
