import type { Member } from '../api/types'
import { placeOf, toggled, urlOf, type Place, type PageFilter } from '../model/location'

/** Where the reader is. The URL is the truth; this is its reading, and everything follows it. */
class Here {
  #place = $state.raw<Place>({ page: '', filters: {}, choices: {} })
  /** When the last change was asked for, for measuring click to painted. */
  changedAt = 0

  get page() {
    return this.#place.page
  }
  get filters() {
    return this.#place.filters
  }
  get choices() {
    return this.#place.choices
  }

  /** Follows the browser's address from now on. */
  start(): () => void {
    const read = () => {
      this.changedAt = performance.now()
      this.#place = placeOf(location.pathname, location.search)
    }
    read()
    addEventListener('popstate', read)
    return () => removeEventListener('popstate', read)
  }

  #go(place: Place, replace = false) {
    const url = urlOf(place)
    if (url === location.pathname + location.search) return
    this.changedAt = performance.now()
    if (replace) history.replaceState(null, '', url)
    else history.pushState(null, '', url)
    this.#place = placeOf(location.pathname, location.search)
  }

  /** Opens a page with the filters that it has a chip for. */
  hrefOf(page: string, kept: string[]): string {
    const filters: Place['filters'] = {}
    for (const [name, { source: _, ...rest }] of Object.entries(this.filters))
      if (kept.includes(name)) filters[name] = rest
    return urlOf({ page, filters, choices: {} })
  }
  open(href: string, replace = false) {
    const url = new URL(href, location.origin)
    this.#go(placeOf(url.pathname, url.search), replace)
  }

  setFilter(name: string, filter: PageFilter | null) {
    const filters = { ...this.filters }
    delete filters[name]
    if (filter && (filter.in?.length || filter.from || filter.to)) filters[name] = filter
    this.#go({ ...this.#place, filters })
  }
  /** Does what a click on a mark does: filter, again to undo; with `add`, one more or one less. */
  toggle(name: string, value: Member, add: boolean, source: string) {
    const members = toggled(this.filters[name]?.in ?? [], value, add)
    this.setFilter(name, members.length ? { in: members, source } : null)
  }
  clear() {
    this.#go({ ...this.#place, filters: {} })
  }
  choose(tile: string, change: Record<string, string | null>) {
    const choice = { ...(this.choices[tile] ?? {}) }
    for (const [key, value] of Object.entries(change))
      if (value === null || value === '') delete choice[key]
      else choice[key] = value
    const choices = { ...this.choices, [tile]: choice }
    if (Object.keys(choice).length === 0) delete choices[tile]
    this.#go({ ...this.#place, choices })
  }
}

export const here = new Here()
