import { tick } from 'svelte'

/** Which measure's way back to the files is open; null when none. */
class Drawer {
  measure = $state<string | null>(null)
  column = $state<string | null>(null)
  #from: Element | null = null

  get isOpen() {
    return this.measure !== null || this.column !== null
  }
  open(measure: string) {
    this.#from = document.activeElement
    this.column = null
    this.measure = measure
  }
  openColumn(column: string) {
    this.#from = document.activeElement
    this.measure = null
    this.column = column
  }
  close() {
    this.measure = null
    this.column = null
    const from = this.#from
    // The page behind takes the focus again only once it is awake.
    if (from instanceof HTMLElement) void tick().then(() => from.focus())
  }
}

export const drawer = new Drawer()
