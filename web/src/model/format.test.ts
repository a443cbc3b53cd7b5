import { expect, test } from 'vitest'
import { exact, percent, short } from './format'

test('a share that is not quite all or none is not rounded to it', () => {
  expect(percent(2499 / 2500)).toBe('>99.9%')
  expect(percent(1 / 2500)).toBe('<0.1%')
  expect(percent(0.9994)).toBe('99.9%')
  expect(percent(0.0006)).toBe('0.1%')
  expect([percent(0), percent(1)]).toEqual(['0.0%', '100.0%'])
  expect(percent(0.1 + 0.2 + 0.7)).toBe('100.0%')
  expect(short(0.996, { type: 'percent' })).toBe('>99%')
  expect(short(0.994, { type: 'percent' })).toBe('99%')
  expect(short(1, { type: 'percent' })).toBe('100%')
  expect(short(0.0004, { type: 'percent' })).toBe('<0.1%')
  expect(exact(1.0004, { type: 'percent' })).toBe('100.0%')
})
