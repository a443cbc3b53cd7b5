import { ApiError, fetchDashboards, fetchModel, fetchStatus } from '../api/client'
import type { Dashboards, Model, Status } from '../api/types'
import { lateOf } from '../model/freshness'

const kRetryMs = 3000
const kRunsMs = 500
const kMinuteMs = 60_000

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
  /** Counts the changes of runs: at most two a second, however many there are. */
  runs = $state(0)
  #toldAt = $state(0)
  #now = $state(0)
  /** What is older than it promises. */
  readonly late = $derived(
    lateOf(this.status?.freshness ?? [], Math.max(0, this.#now - this.#toldAt) / 1000),
  )
  #retry: ReturnType<typeof setTimeout> | undefined
  #events: EventSource | undefined
  #runsTold = -Infinity
  #runsDue: ReturnType<typeof setTimeout> | undefined

  /** Loads everything the first page needs, then listens for new versions. */
  async start() {
    await this.#load()
    this.#listen()
    setInterval(() => (this.#now = performance.now()), kMinuteMs)
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
      this.#toldAt = performance.now()
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

  #runsChanged() {
    if (this.#runsDue) return
    const tell = () => {
      this.#runsDue = undefined
      this.#runsTold = performance.now()
      this.runs += 1
    }
    const wait = this.#runsTold + kRunsMs - performance.now()
    if (wait <= 0) tell()
    else this.#runsDue = setTimeout(tell, wait)
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
    events.addEventListener('runs', () => this.#runsChanged())
    // What happened while nobody listened was not told.
    events.addEventListener('open', () => this.#runsChanged())
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
