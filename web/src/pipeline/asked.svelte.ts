import { ApiError, get } from '../api/http'
import type { Path } from '../api/paths'
import { server } from '../state/server.svelte'

/** One plain answer of the server, kept until a newer one comes. */
export class Asked<T> {
  data = $state.raw<T | undefined>(undefined)
  error = $state.raw<Error | null>(null)
  waiting = $state(false)
  #abort: AbortController | undefined
  #path: Path<T> = ''
  /** As `waiting`, for those who ask: an effect that asks must not follow it. */
  #busy = false
  #stale = false

  ask(path: Path<T>) {
    this.#abort?.abort()
    this.#path = path
    this.#stale = false
    const abort = (this.#abort = new AbortController())
    this.#busy = this.waiting = true
    get(path, abort.signal)
      .then((data) => {
        if (this.#abort !== abort) return
        this.data = data
        this.error = null
        this.#done()
      })
      .catch((error: unknown) => {
        if (this.#abort !== abort || abort.signal.aborted) return
        this.error = error instanceof Error ? error : new Error(String(error))
        this.#done()
        if (error instanceof ApiError && error.away) server.gone()
      })
  }

  /** Asks what may have changed: not before an equal question is answered, so that none is starved. */
  refresh(path: Path<T>) {
    if (this.#busy && path === this.#path) this.#stale = true
    else this.ask(path)
  }
  /** Gives up what is asked, and forgets what was. */
  forget() {
    this.#abort?.abort()
    this.#abort = undefined
    this.#busy = this.waiting = false
    this.data = undefined
    this.error = null
  }

  #done() {
    this.#busy = this.waiting = false
    if (this.#stale) this.ask(this.#path)
  }
}
