import { expect, test } from 'vitest'
import type { RunStep, StepPlan } from '../api/types'
import { columnsOfSteps, compared, waitsFor } from './steps'

const step = (name: string, change: Partial<RunStep> = {}): RunStep => ({
  name,
  parent: null,
  state: 'succeeded',
  seconds: 1,
  rows: 10,
  attempts: 1,
  started: null,
  ended: null,
  kept_from: null,
  message: null,
  ...change,
})
const plan = (name: string, steps: string[] = [], change: Partial<StepPlan> = {}): StepPlan => ({
  name,
  kind: 'command',
  after: { of: 'all', are: 'succeeded', steps },
  always: false,
  ...change,
})
const names = (columns: { name: string }[][]) =>
  columns.map((column) => column.map((one) => one.name))

test('a step stands behind all that it waits for, however it is written', () => {
  const plans = [plan('d', ['b', 'c']), plan('c', ['b']), plan('b', ['a']), plan('a'), plan('e')]
  expect(names(columnsOfSteps([], plans, false))).toEqual([['a', 'e'], ['b'], ['c'], ['d']])
})

test('what runs whatever happens stands last', () => {
  const plans = [plan('tidy', [], { always: true }), plan('a'), plan('b', ['a'])]
  expect(names(columnsOfSteps([], plans, false))).toEqual([['a'], ['b'], ['tidy']])
})

test('parts stand with their step, and what was never told waits, or was skipped', () => {
  const steps = [step('build'), step('build one', { parent: 'build' })]
  const plans = [plan('build'), plan('check', ['build'])]
  const [build, check] = columnsOfSteps(steps, plans, false).flat()
  expect(build!.parts.map((one) => one.name)).toEqual(['build one'])
  expect(check!.state).toBe('waiting')
  expect(columnsOfSteps(steps, plans, true)[1]![0]!.state).toBe('skipped')
})

test('a run of a workflow that has changed since is shown as it ran', () => {
  const shown = columnsOfSteps([step('old'), step('new')], [plan('new')], true)
  expect(names(shown)).toEqual([['old'], ['new']])
  expect(shown[1]![0]!.after).toEqual(['old'])
})

test('a circle does not hang', () => {
  expect(columnsOfSteps([], [plan('a', ['b']), plan('b', ['a'])], false).flat()).toHaveLength(2)
})

test('conditions are said in words', () => {
  expect(waitsFor(plan('a'))).toBe('from the beginning')
  expect(waitsFor(plan('a', ['b']))).toBe('after b')
  expect(
    waitsFor(
      plan('a', ['b', 'c'], { after: { of: 'any', are: 'check_failed', steps: ['b', 'c'] } }),
    ),
  ).toBe('after any of b, c check failed')
  expect(waitsFor(plan('a', [], { always: true }))).toBe('at the end, whatever happens')
})

test('two runs are compared step by step; what one has not is unknown, not nought', () => {
  const rows = compared(
    [step('a', { seconds: 3, rows: 5 }), step('new')],
    [step('a', { seconds: 1, rows: 9 }), step('old')],
  )
  expect(rows[0]).toMatchObject({ step: 'a', seconds_more: 2, rows_more: -4 })
  expect(rows[1]).toMatchObject({ step: 'new', seconds_then: null, seconds_more: null })
  expect(rows[2]).toMatchObject({ step: 'old', seconds: null, rows_more: null })
})
