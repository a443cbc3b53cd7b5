import { expect, test } from 'vitest'
import type { Age, Model, Page } from '../api/types'
import { datasetName, every, lateOf, lateOn } from './freshness'

const age = (change: Partial<Age>): Age => ({
  name: 'shop',
  kind: 'dataset',
  newest: '2026-11-01T00:00:00.000Z',
  age_seconds: 100,
  max_age_seconds: 200,
  late: false,
  tables: ['fct_sale'],
  ...change,
})
const model = {
  version: 1,
  views: [
    {
      name: 'sale',
      fact: 'fct_sale',
      measures: [{ name: 'sales' }, { name: 'rate', tables: ['dim_currency'] }],
      dimensions: [{ name: 'shop', tables: ['dim_shop', 'dim_town'] }],
    },
    { name: 'title', fact: 'fct_title', measures: [{ name: 'titles' }], dimensions: [] },
  ],
} as unknown as Model
const page = (tiles: unknown[]) => ({ page: 'p', title: 'P', tiles }) as Page

test('what was in time becomes late as time goes on; what promises nothing never does', () => {
  expect(lateOf([age({})], 50)).toEqual([])
  expect(lateOf([age({})], 101)).toHaveLength(1)
  expect(lateOf([age({ max_age_seconds: null })], 1e9)).toEqual([])
  expect(lateOf([age({ newest: null, age_seconds: null, late: true })], 0)).toHaveLength(1)
})

test('only pages that count what is late say so, and those that cannot tell', () => {
  const late = [age({ late: true })]
  expect(lateOn(page([{ chart: 'bars', measures: ['sales'] }]), model, late)).toHaveLength(1)
  expect(lateOn(page([{ chart: 'bars', measures: ['titles'] }]), model, late)).toEqual([])
  expect(lateOn(page([{ chart: 'kpis', kpis: [{ measure: 'sales' }] }]), model, late)).toHaveLength(
    1,
  )
  expect(lateOn(page([{ chart: 'text' }]), model, late)).toHaveLength(1)
  expect(
    lateOn(page([{ chart: 'runs' }, { chart: 'bars', measures: ['titles'] }]), model, late),
  ).toHaveLength(1)
})

test('a page also stands on what its tiles cut by, and on what their measures read', () => {
  const town = [age({ late: true, tables: ['dim_town'] })]
  expect(lateOn(page([{ chart: 'bars', measures: ['sales'] }]), model, town)).toEqual([])
  const byShop = [{ chart: 'bars', measures: ['sales'], by: ['shop'] }]
  expect(lateOn(page(byShop), model, town)).toHaveLength(1)
  const currency = [age({ late: true, tables: ['dim_currency'] })]
  expect(
    lateOn(page([{ chart: 'kpis', kpis: [{ measure: 'rate' }] }]), model, currency),
  ).toHaveLength(1)
  expect(lateOn(page(byShop), model, currency)).toEqual([])
})

test('promises and names in words', () => {
  expect(every(691_200)).toBe('8 days')
  expect(every(86_400)).toBe('day')
  expect(every(5400)).toBe('90 minutes')
  expect(datasetName('shop_orders_daily', 'shop')).toBe('orders daily')
})
