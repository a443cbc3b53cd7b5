const kBlink = 150

/** True once something has been waited for longer than a blink: a quick answer causes no flicker. */
export class Slow {
  is = $state(false)

  constructor(waiting: () => boolean) {
    $effect(() => {
      this.is = false
      if (!waiting()) return
      const timer = setTimeout(() => (this.is = true), kBlink)
      return () => clearTimeout(timer)
    })
  }
}
