import type { Answer, Dimension, Measure } from './types'

/** Answers and names for tests: what a test does not speak of is as plain as the server ever says it. */
export const answerOf = (given: Pick<Answer, 'columns' | 'rows'> & Partial<Answer>): Answer => ({
  version: 1,
  view: 'sale',
  other: [],
  totals: null,
  bridge: null,
  known_until: null,
  unfinished_from: null,
  period: null,
  before: null,
  unknown: {},
  notes: [],
  source: 'fact',
  sql: '',
  milliseconds: 0,
  ...given,
})
export const dimensionOf = (name: string, given: Partial<Dimension> = {}): Dimension => ({
  name,
  label: name.toUpperCase(),
  description: '',
  type: 'text',
  bridge: null,
  tables: [],
  ...given,
})
export const measureOf = (name: string, given: Partial<Measure> = {}): Measure => ({
  name,
  label: name.toUpperCase(),
  description: '',
  format: 'number',
  unit: '',
  additive: true,
  closing: false,
  tables: [],
  unknown: null,
  ...given,
})
