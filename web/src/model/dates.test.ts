import { expect, test } from 'vitest'
import { endOf, filled, firstDay, lastDay, step } from './dates'

test('periods end on their last day', () => {
  expect(endOf('2024-02-01', 'month')).toBe('2024-02-29')
  expect(endOf('2023-10-01', 'quarter')).toBe('2023-12-31')
  expect(endOf('2023-01-01', 'year')).toBe('2023-12-31')
  expect(endOf('2023-07-10', 'week')).toBe('2023-07-16')
  expect(endOf('2023-07-10', 'day')).toBe('2023-07-10')
})
test('months become days', () => {
  expect([firstDay('2023-02'), lastDay('2023-02')]).toEqual(['2023-02-01', '2023-02-28'])
  expect(lastDay('2023-02-10')).toBe('2023-02-10')
})
test('steps go back over a year', () => {
  expect(step('2023-01-01', 'month', -1)).toBe('2022-12-01')
})
test('gaps are filled', () => {
  expect(filled(['2023-01-01', '2023-04-01'], 'month')).toEqual([
    '2023-01-01',
    '2023-02-01',
    '2023-03-01',
    '2023-04-01',
  ])
  expect(filled(['2023-01-02', '2023-04-01'], 'month')).toEqual(['2023-01-02', '2023-04-01'])
})
