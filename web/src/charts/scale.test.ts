import { expect, test } from 'vitest'
import { spread, ticks, ticksAround, wilson } from './scale'

test('lengths start at zero and end on a round number', () => {
  expect(ticks(0, 31271, 6)).toEqual({ min: 0, max: 40000, interval: 10000 })
  expect(ticks(0, 0)).toEqual({ min: 0, max: 1, interval: 0.5 })
  expect(ticks(-30, 90, 6)).toEqual({ min: -40, max: 100, interval: 20 })
})
test('positions need not start at zero', () => {
  const scale = ticksAround(5.5, 7.2, 5)
  expect(scale.min).toBeLessThanOrEqual(5.5)
  expect(scale.min).toBeGreaterThan(4)
  expect(scale.max).toBeGreaterThanOrEqual(7.2)
})
test('labels do not lie on one another', () => {
  const out = spread([10, 12, 11], 16, 0, 100)
  const sorted = [...out].sort((a, b) => a - b)
  expect(sorted[1]! - sorted[0]!).toBeGreaterThanOrEqual(16)
  expect(sorted[2]! - sorted[1]!).toBeGreaterThanOrEqual(16)
})
test('Wilson 1927: 0 of 10 is not certain to be none', () => {
  const [low, high] = wilson(0, 10)
  expect(low).toBeCloseTo(0, 6)
  expect(high).toBeCloseTo(0.2775, 3)
  expect(wilson(50, 100).map((one) => Number(one.toFixed(4)))).toEqual([0.4038, 0.5962])
})
