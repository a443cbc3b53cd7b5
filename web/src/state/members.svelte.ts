import { ask, textOf } from '../api/client'
import type { Member, Model } from '../api/types'
import { countOf, dimensionOf } from '../model/names'

/** How many series have a hue of their own; the rest is grey. */
const kHues = 4
const kMost = 60

/**
 * Which colour a member of a dimension has: the same on every page and under every filter,
 * because it follows from all the members, counted without filters.
 */
class Members {
  #loaded = new Map<string, Promise<Map<Member, number>>>()

  /** Ranks the members: 0 to 3 a hue of their own, from 4 on greys. */
  of(model: Model, dimension: string): Promise<Map<Member, number>> {
    const key = `${model.version} ${dimension}`
    let found = this.#loaded.get(key)
    if (!found) {
      found = this.#load(model, dimension)
      found.catch(() => this.#loaded.delete(key))
      this.#loaded.set(key, found)
    }
    return found
  }

  async #load(model: Model, dimension: string): Promise<Map<Member, number>> {
    const view = model.views.find((one) => dimensionOf(one, dimension))
    const count = view && countOf(view)
    if (!count) return new Map()
    const answer = await ask(
      textOf({ measures: [count.name], dimensions: [dimension], limit: kMost }),
    )
    return ranked(answer.rows.map(([member, value]) => [member ?? null, Number(value ?? 0)]))
  }
}

/** Gives the largest members the hues, in the order in which they came. */
export function ranked(rows: [Member, number][]): Map<Member, number> {
  const known = rows.filter(([member]) => member !== null)
  const largest = new Set(
    [...known]
      .sort((a, b) => b[1] - a[1])
      .slice(0, kHues)
      .map(([member]) => member),
  )
  const out = new Map<Member, number>()
  let hue = 0
  let grey = kHues
  for (const [member] of known) out.set(member, largest.has(member) ? hue++ : grey++)
  return out
}

export const members = new Members()
