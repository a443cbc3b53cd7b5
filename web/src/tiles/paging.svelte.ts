const kRows = 100

/** Rows a page at a time. */
export class Paging<T> {
  #rows: () => T[]
  #wanted = $state(0)
  readonly count = $derived.by(() => Math.max(1, Math.ceil(this.#rows().length / kRows)))
  /** The page that is shown, from 0: there may be fewer than were turned over. */
  readonly at = $derived(Math.min(this.#wanted, this.count - 1))
  readonly visible = $derived.by(() => this.#rows().slice(this.at * kRows, (this.at + 1) * kRows))

  constructor(rows: () => T[]) {
    this.#rows = rows
  }
  open(page: number) {
    this.#wanted = page
  }
}
