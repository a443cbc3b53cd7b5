import { describe, expect, it, vi } from 'vitest'
import { expectAnswer } from './together'

describe('answers that come together', () => {
  it('show when the last has come, in their order', () => {
    const shown: string[] = []
    const [first, second] = [expectAnswer(), expectAnswer()]
    second(() => shown.push('second'))
    expect(shown).toEqual([])
    first(() => shown.push('first'))
    expect(shown).toEqual(['second', 'first'])
  })
  it('do not wait for one that will not come', () => {
    const shown: string[] = []
    const [first, second] = [expectAnswer(), expectAnswer()]
    first(() => shown.push('first'))
    second()
    second(() => shown.push('too late'))
    expect(shown).toEqual(['first'])
  })
  it('wait no longer than a blink', () => {
    vi.useFakeTimers()
    const shown: string[] = []
    const [first, second] = [expectAnswer(), expectAnswer()]
    first(() => shown.push('first'))
    vi.advanceTimersByTime(100)
    expect(shown).toEqual(['first'])
    second()
    vi.useRealTimers()
  })
})
