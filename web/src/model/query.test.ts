import { expect, test } from 'vitest'
import { dimensionOf, measureOf } from '../api/fixtures'
import type { Model, Tile } from '../api/types'
import { planOf } from './query'

const model: Model = {
  version: 1,
  views: [
    {
      name: 'subscription_month',
      label: 'Paid months',
      description: '',
      fact: 'fct',
      rows: 1,
      note: '',
      time: {
        label: 'Month',
        grain: 'month',
        grains: ['month', 'quarter', 'year'],
        first: '2021-09-01',
        last: '2023-07-01',
        known_until: null,
      },
      dimensions: ['plan', 'region', 'subregion', 'country'].map((name) => dimensionOf(name)),
      measures: [
        measureOf('mrr', { format: 'money', additive: false, closing: true }),
        measureOf('arpu', { format: 'money', additive: false }),
      ],
      hierarchies: [],
    },
  ],
}
const tile: Tile = {
  name: 't',
  chart: 'columns',
  measures: ['mrr', 'arpu'],
  by: ['month', 'plan'],
  grains: ['month', 'quarter', 'day'],
  compare: ['none', 'year'],
}

test('a tile asks for its first measure by axis and series', () => {
  const plan = planOf(model, tile, {}, {})!
  expect(plan.query).toEqual({ measures: ['mrr'], dimensions: ['month', 'plan'], totals: true })
  expect(plan.click).toBe('plan')
})
test('choices count only when the tile offers them', () => {
  expect(
    planOf(model, tile, { measure: 'arpu', grain: 'quarter', compare: 'year' }, {})!.query,
  ).toEqual({
    measures: ['arpu'],
    dimensions: ['quarter', 'plan'],
    compare: 'year',
    totals: true,
  })
  expect(
    planOf(model, tile, { measure: 'x', grain: 'day', compare: 'previous' }, {})!.query,
  ).toEqual(planOf(model, tile, {}, {})!.query)
})
test('filters that the view does not have are told, those of its own marks are not applied', () => {
  const filters = {
    plan: { in: ['Basic'], source: 't' },
    genre: { in: ['Dramas'] },
    date: { from: '2023-01', to: '2023-02' },
  }
  const plan = planOf(model, tile, {}, filters)!
  expect(plan.query.filters).toEqual([{ dimension: 'date', from: '2023-01-01', to: '2023-02-28' }])
  expect(plan.ignored).toEqual(['genre'])
})
test('drilling goes down a level and filters by the way', () => {
  const places: Tile = {
    name: 'p',
    chart: 'bars',
    measures: ['mrr'],
    by: [['region', 'subregion', 'country']],
  }
  const plan = planOf(model, places, { drill: 'Europe' }, {})!
  expect(plan.axis).toBe('subregion')
  expect(plan.query.filters).toEqual([{ dimension: 'region', in: ['Europe'] }])
  expect(planOf(model, places, { drill: 'Europe,Western+Europe,Spain' }, {})!.axis).toBe('country')
})
test('an unknown measure gives no plan', () => {
  expect(planOf(model, { name: 'x', chart: 'bars', measures: ['nothing'] }, {}, {})).toBeNull()
})
