import { ApiError, get } from '../api/http'
import { server } from '../state/server.svelte'

/** One plain answer of the server, kept until a newer one comes. */
export class Asked<T = unknown> {
  data = $state.raw<T | undefined>(undefined)
  error = $state.raw<Error | null>(null)
  waiting = $state(false)
  #abort: AbortController | undefined

  ask(path: string) {
    this.#abort?.abort()
    const abort = (this.#abort = new AbortController())
    this.waiting = true
    get<T>(path, abort.signal)
      .then((data) => {
        if (this.#abort !== abort) return
        this.data = data
        this.error = null
        this.waiting = false
      })
      .catch((error: unknown) => {
        if (this.#abort !== abort || abort.signal.aborted) return
        this.error = error instanceof Error ? error : new Error(String(error))
        this.waiting = false
        if (error instanceof ApiError && error.away) server.gone()
      })
  }
}
