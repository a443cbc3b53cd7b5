import { expect, test } from 'vitest'
import { answerOf } from '../api/fixtures'
import { pivot } from './pivot'

const answer = answerOf({
  columns: [
    { name: 'month', label: 'Month', kind: 'dimension', type: 'date', grain: 'month' },
    { name: 'plan', label: 'Plan', kind: 'dimension', type: 'text' },
    { name: 'mrr', label: 'MRR', kind: 'measure', type: 'money' },
    { name: 'mrr__before', label: 'MRR before', kind: 'before', type: 'money' },
  ],
  rows: [
    ['2023-01-01', 'Basic', 1, null],
    ['2023-03-01', 'Basic', 3, 1],
    ['2023-03-01', 'Premium', 4, 2],
  ],
})

test('months without rows stand as gaps', () => {
  const grid = pivot(answer, 'mrr')
  expect(grid.axis.map((one) => one.value)).toEqual(['2023-01-01', '2023-02-01', '2023-03-01'])
  expect(grid.at(1, 0)).toBeNull()
  expect(grid.sum(1)).toBeNull()
  expect(grid.sum(2)).toBe(7)
  expect(grid.sumBefore(2)).toBe(3)
})
test('the rest of a top N is not the unknown member', () => {
  const grid = pivot(
    answerOf({
      columns: [
        { name: 'genre', label: 'Genre', kind: 'dimension', type: 'text' },
        { name: 'titles', label: 'Titles', kind: 'measure', type: 'number' },
      ],
      rows: [
        ['Dramas', 5],
        [null, 9],
        [null, 2],
      ],
      other: [1],
    }),
    'titles',
  )
  expect(grid.axis.map((one) => one.label)).toEqual(['Dramas', 'Unknown', 'All others'])
  expect([grid.at(1, 0), grid.at(2, 0)]).toEqual([2, 9])
})
