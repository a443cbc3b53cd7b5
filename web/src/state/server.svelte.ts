import { ApiError, fetchDashboards, fetchModel, fetchStatus } from '../api/client'
import type { Dashboards, Model, Status } from '../api/types'

const kRetryMs = 3000

/** What is known of the server: its pages and names, the version it shows, whether it is there. */
class Server {
  dashboards = $state.raw<Dashboards | null>(null)
  model = $state.raw<Model | null>(null)
  status = $state.raw<Status | null>(null)
  version = $state(0)
  away = $state(false)
  failure = $state('')
  /** What a server that is not ready says of it. */
  reason = $state('')
  /** Counts the server's returns: what failed while it was away asks again. */
  returns = $state(0)
  #retry: ReturnType<typeof setTimeout> | undefined
  #events: EventSource | undefined

  /** Loads everything the first page needs, then listens for new versions. */
  async start() {
    await this.#load()
    this.#listen()
    addEventListener('online', () => this.#listen())
  }

  async #load() {
    try {
      const [dashboards, model, status] = await Promise.all([
        fetchDashboards(),
        fetchModel(),
        fetchStatus(),
      ])
      this.dashboards = dashboards
      this.model = model
      this.status = status
      this.version = model.version
      this.failure = ''
      this.here()
    } catch (error) {
      // A server that is there but not ready (nothing is published yet) is asked again, too.
      if (error instanceof ApiError && (error.away || error.status === 503))
        this.gone(error.away ? '' : error.message)
      else this.failure = error instanceof Error ? error.message : String(error)
    }
  }

  /** Notes that nobody answered; asks again until somebody does. */
  gone(reason = '') {
    this.away = true
    this.reason = reason
    clearTimeout(this.#retry)
    this.#retry = setTimeout(() => void this.#load(), kRetryMs)
  }
  here() {
    if (!this.away) return
    clearTimeout(this.#retry)
    this.away = false
    this.returns += 1
    if (this.#events?.readyState === EventSource.CLOSED) this.#listen()
  }

  #listen() {
    this.#events?.close()
    const events = new EventSource('/api/events')
    this.#events = events
    events.addEventListener('version', (event) => {
      this.here()
      const { version } = JSON.parse((event as MessageEvent<string>).data) as { version: number }
      if (version !== this.version) void this.#load()
    })
    // The browser connects again by itself, except after an answer that is no stream.
    events.addEventListener('error', () => {
      setTimeout(() => {
        if (this.#events !== events || events.readyState === EventSource.OPEN) return
        this.gone()
        if (events.readyState === EventSource.CLOSED) this.#listen()
      }, kRetryMs)
    })
  }
}

export const server = new Server()
