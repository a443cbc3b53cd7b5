/**
 * Draws a page in the order in which it is looked at: what is on the screen at once, the rest when the
 * processor has nothing else to do, or when it comes into view.
 */
const kMargin = '200px 0px'
const kLongest = 500
/** Milliseconds that have to be left for another. */
const kRoom = 4

const held = new Set<Sight>()
let asked = false

/** Shows what is held after the next frame, as much at a time as fits before the one after. */
function goOn() {
  if (asked || held.size === 0) return
  asked = true
  requestAnimationFrame(() => whenIdle(work))
}

function whenIdle(then: (left: () => number) => void) {
  if (typeof requestIdleCallback === 'function')
    requestIdleCallback((deadline) => then(() => deadline.timeRemaining()), { timeout: kLongest })
  else setTimeout(() => then(() => 0), 50)
}

function work(left: () => number) {
  for (const one of held) {
    one.release()
    if (left() < kRoom) break
  }
  if (held.size > 0) whenIdle(work)
  else asked = false
}

/** Whether one tile is looked at, and what it shows once it is. */
export class Sight {
  #near = true // until it is known better
  #show: (() => void) | undefined

  /** Watches an element; returns what ends that. */
  watch(element: Element): () => void {
    const observer = new IntersectionObserver(
      (entries) => {
        this.#near = entries.at(-1)!.isIntersecting
        if (this.#near) this.release()
      },
      { rootMargin: kMargin },
    )
    observer.observe(element)
    const all = () => this.release() // paper shows everything
    addEventListener('beforeprint', all)
    return () => {
      observer.disconnect()
      removeEventListener('beforeprint', all)
      this.drop()
    }
  }

  /** Shows something now or when there is time; what was to be shown before it no longer is. */
  show(what: () => void) {
    this.drop()
    if (this.#near) return what()
    this.#show = what
    held.add(this)
    goOn()
  }

  drop() {
    this.#show = undefined
    held.delete(this)
  }

  release() {
    const show = this.#show
    this.drop()
    show?.()
  }
}
