import { expect, test } from 'vitest'
import { shapeOf } from './shape'

const option = (...series: object[]) => ({ grid: { left: 4 }, series })

test('values and data do not matter', () => {
  expect(shapeOf(option({ id: 'a', type: 'bar', stack: 'x', data: [1, { value: 2 }] }))).toBe(
    shapeOf(option({ id: 'a', stack: 'y', data: [], type: 'bar' })),
  )
})
test('another kind, another number of series or another key is another shape', () => {
  const one = shapeOf(option({ id: 'a', type: 'bar' }))
  expect(shapeOf(option({ id: 'a', type: 'line' }))).not.toBe(one)
  expect(shapeOf(option({ id: 'b', type: 'bar' }))).not.toBe(one)
  expect(shapeOf(option({ id: 'a', type: 'bar' }, { id: 'b', type: 'bar' }))).not.toBe(one)
  expect(shapeOf(option({ id: 'a', type: 'bar', stack: 'x' }))).not.toBe(one)
  expect(shapeOf({ ...option({ id: 'a', type: 'bar' }), graphic: [] })).not.toBe(one)
})
test('a key that becomes a list or an object is another shape', () => {
  expect(shapeOf({ type: 'x', itemStyle: { radius: 0 } })).not.toBe(
    shapeOf({ type: 'x', itemStyle: { radius: [0, 2] } }),
  )
})
