import { ApiError, ask, remembered } from '../api/client'
import type { Answer, Member, Model } from '../api/types'
import type { Plan } from '../model/query'
import { members } from '../state/members.svelte'
import { server } from '../state/server.svelte'
import { Sight } from './sight'
import { expectAnswer } from './together'

/** An answer with the plan that asked for it: what is painted always belongs together. */
export interface Shown {
  text: string
  plan: Plan
  answer: Answer
  ranks: Map<Member, number>
}

/** Keeps one tile's answer current. An answer that was overtaken never shows. */
export class Loader {
  shown = $state.raw<Shown | null>(null)
  error = $state.raw<Error | null>(null)
  waiting = $state(false)
  /** What is shown is not what is wanted, for nobody answers. */
  old = $state(false)
  readonly sight = new Sight()
  #asked = ''
  #abort: AbortController | undefined

  /** Wants the answer of a plan; does nothing when it is asked for or shown already. */
  want(model: Model, plan: Plan, text: string, again = false) {
    const key = `${server.version} ${server.returns} ${text}`
    if (key === this.#asked && !again) return
    this.#asked = key
    this.#abort?.abort()
    const abort = new AbortController()
    this.#abort = abort
    this.sight.drop()
    this.waiting = true
    const kept = remembered(model.version, text)
    if (kept && this.shown && plan.series === this.shown.plan.series) {
      this.#show({ text, plan, answer: kept, ranks: this.shown.ranks })
      return
    }
    const came = expectAnswer()
    abort.signal.addEventListener('abort', () => came())
    const ranks: Promise<Map<Member, number>> = plan.series
      ? members.of(model, plan.series).catch(() => new Map<Member, number>())
      : Promise.resolve(new Map<Member, number>())
    Promise.all([kept ?? ask(text, abort.signal), ranks])
      .then(([answer, found]) => {
        came(() => {
          if (this.#abort === abort) this.#show({ text, plan, answer, ranks: found })
        })
      })
      .catch((error: unknown) => {
        came()
        if (this.#abort !== abort || abort.signal.aborted) return
        this.waiting = false
        const away = error instanceof ApiError && error.away
        if (away) server.gone()
        if (away && this.shown) this.old = true
        else this.error = error instanceof Error ? error : new Error(String(error))
      })
  }

  #show(shown: Shown) {
    this.sight.show(() => {
      this.waiting = false
      this.error = null
      this.old = false
      this.shown = shown
    })
  }

  stop() {
    this.#abort?.abort()
    this.#abort = undefined
    this.sight.drop()
    this.#asked = ''
  }
}
