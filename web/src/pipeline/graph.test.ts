import { expect, test } from 'vitest'
import type { GraphNode } from './graph'
import { layered, related } from './graph'

const node = (layer: string, name: string, ...inputs: string[]): GraphNode => ({
  name,
  layer,
  inputs,
  rows: null,
  seconds: null,
})
const nodes = [
  node('seed', 'seed.rates'),
  node('raw', 'raw.orders'),
  // A mart of a seed alone comes first, and still stands behind what other marts read.
  node('marts', 'dim_rate', 'seed.rates'),
  node('staging', 'stg_orders', 'raw.orders'),
  node('cleaning', 'orders', 'stg_orders', 'raw.orders'),
  node('marts', 'fct_order', 'orders', 'dim_rate'),
]

test('layers stand in the order in which data flows, whatever they are called', () => {
  expect(layered(nodes).map((one) => one.name)).toEqual([
    'raw',
    'seed',
    'staging',
    'cleaning',
    'marts',
  ])
  expect(
    layered(nodes)
      .at(-1)!
      .nodes.map((one) => one.name),
  ).toEqual(['dim_rate', 'fct_order'])
})
test('of two layers that read each other, the one that is read more often is before', () => {
  const both = [
    node('b', 'b1'),
    node('a', 'a1', 'b1'),
    node('a', 'a2', 'b1'),
    node('b', 'b2', 'a1'),
  ]
  expect(layered(both).map((one) => one.name)).toEqual(['b', 'a'])
  const even = [node('b', 'b1'), node('a', 'a1', 'b1'), node('b', 'b2', 'a1')]
  expect(layered(even).map((one) => one.name)).toEqual(['a', 'b'])
})
test('a circle of layers ends', () => {
  const circle = [node('a', 'a1', 'c1'), node('b', 'b1', 'a1'), node('c', 'c1', 'b1')]
  expect(layered(circle)).toHaveLength(3)
})
test('what is related is what a model is made of and what is made of it', () => {
  expect([...related(nodes, 'orders')].sort()).toEqual([
    'fct_order',
    'orders',
    'raw.orders',
    'stg_orders',
  ])
})
