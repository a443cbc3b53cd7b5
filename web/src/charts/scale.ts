export interface Ticks {
  min: number
  max: number
  interval: number
}

const nice = (rough: number, whole: boolean): number => {
  const power = 10 ** Math.floor(Math.log10(rough))
  const factor = [1, 2, 2.5, 5, 10].find((one) => one * power >= rough - 1e-12) ?? 10
  const step = factor * power
  return whole ? Math.max(1, Math.ceil(step)) : step
}

/** Round ticks for an axis of lengths: from zero (or a round number below it) upwards. */
export function ticks(low: number, high: number, wanted = 5, whole = false): Ticks {
  const bottom = Math.min(0, low)
  const top = Math.max(0, high)
  if (top === bottom) return { min: 0, max: 1, interval: whole ? 1 : 0.5 }
  const interval = nice((top - bottom) / wanted, whole)
  return {
    min: Math.floor(bottom / interval + 1e-9) * interval,
    max: Math.ceil(top / interval - 1e-9) * interval,
    interval,
  }
}

/** Round ticks for positions (dots, scatter), which need not start at zero. */
export function ticksAround(low: number, high: number, wanted = 5): Ticks {
  if (!(high > low)) return { min: low - 1, max: high + 1, interval: 1 }
  const interval = nice((high - low) / wanted, false)
  return {
    min: Math.floor(low / interval + 1e-9) * interval,
    max: Math.ceil(high / interval - 1e-9) * interval,
    interval,
  }
}

/** Where a value lies on an axis, 0 at its beginning and 1 at its end. */
export function shareOf(value: number, scale: Ticks, logarithmic = false): number {
  const on = logarithmic ? Math.log10 : (one: number) => one
  return (on(value) - on(scale.min)) / (on(scale.max) - on(scale.min))
}

/** Moves labels apart that would lie on one another, keeping their order. */
export function spread(wanted: number[], gap: number, low: number, high: number): number[] {
  const order = wanted.map((_, index) => index).sort((a, b) => wanted[a]! - wanted[b]!)
  const out = [...wanted]
  let at = low
  for (const index of order) {
    out[index] = Math.max(out[index]!, at)
    at = out[index]! + gap
  }
  let limit = high
  for (const index of [...order].reverse()) {
    out[index] = Math.min(out[index]!, limit)
    limit = out[index]! - gap
  }
  return out
}

/** Wilson's 95 % interval of a share of n draws. */
export function wilson(k: number, n: number): [number, number] {
  if (n <= 0) return [0, 0]
  const z = 1.959964
  const p = k / n
  const middle = (p + (z * z) / (2 * n)) / (1 + (z * z) / n)
  const half = (z / (1 + (z * z) / n)) * Math.sqrt((p * (1 - p)) / n + (z * z) / (4 * n * n))
  return [Math.max(0, middle - half), Math.min(1, middle + half)]
}
