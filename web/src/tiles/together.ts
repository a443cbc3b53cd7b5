/**
 * Lets answers that come close together show together: a page is drawn once instead of once a tile, which
 * leaves the processor to the answers that are still to come. Nothing is held back for longer than a blink.
 */
const kLongest = 80

let expected = 0
let held: (() => void)[] = []
let timer: ReturnType<typeof setTimeout> | undefined

function release() {
  clearTimeout(timer)
  timer = undefined
  const now = held
  held = []
  for (const show of now) show()
}

/** Expects an answer. The function that it returns takes what shows it, or nothing when it will not come. */
export function expectAnswer(): (show?: () => void) => void {
  expected += 1
  let done = false
  return (show) => {
    if (done) return
    done = true
    expected -= 1
    if (show) held.push(show)
    if (expected === 0) release()
    else if (held.length > 0) timer ??= setTimeout(release, kLongest)
  }
}
