import type { RunStep, StepPlan } from '../api/types'

export interface StepBox {
  name: string
  state: string
  step: RunStep | undefined
  plan: StepPlan | undefined
  /** What it waits for, by name. */
  after: string[]
  parts: RunStep[]
}

/** What a step waits for, in words. */
export function waitsFor(plan: StepPlan | undefined): string {
  if (!plan) return ''
  const { of, are, steps } = plan.after
  const ends = are === 'succeeded' ? '' : ` ${are.replaceAll('_', ' ')}`
  const which =
    steps.length > 1 ? `${of === 'any' ? 'any' : 'all'} of ${steps.join(', ')}` : (steps[0] ?? '')
  const waits = which ? `after ${which}${ends}` : 'from the beginning'
  return plan.always ? `${which ? waits : 'at the end'}, whatever happens` : waits
}

/**
 * The steps of a run in columns: each stands behind all that it waits for. The workflow may have changed since
 * the run: a run with a step that it does not know is shown in the order in which its steps were told.
 */
export function columnsOfSteps(steps: RunStep[], plans: StepPlan[], ended: boolean): StepBox[][] {
  const tops = steps.filter((one) => !one.parent)
  const byName = new Map(tops.map((one) => [one.name, one]))
  const known = new Map(plans.map((one) => [one.name, one]))
  const partsOf = (name: string) => steps.filter((one) => one.parent === name)
  if (!plans.length || tops.some((one) => !known.has(one.name)))
    return tops.map((step, at) => [
      {
        name: step.name,
        state: step.state,
        step,
        plan: undefined,
        after: at ? [tops[at - 1]!.name] : [],
        parts: partsOf(step.name),
      },
    ])
  const levels = new Map<string, number>()
  const levelOf = (name: string, seen: string[]): number => {
    const found = levels.get(name)
    if (found !== undefined) return found
    const before = (known.get(name)?.after.steps ?? []).filter(
      (one) => known.has(one) && !seen.includes(one),
    )
    const level = Math.max(-1, ...before.map((one) => levelOf(one, [...seen, name]))) + 1
    levels.set(name, level)
    return level
  }
  const columns: StepBox[][] = []
  const last = Math.max(0, ...plans.map((one) => levelOf(one.name, [])))
  for (const plan of plans) {
    // What runs at the end whatever happens waits for nothing by name.
    const level = plan.always && !plan.after.steps.length ? last + 1 : levelOf(plan.name, [])
    const step = byName.get(plan.name)
    ;(columns[level] ??= []).push({
      name: plan.name,
      state: step?.state ?? (ended ? 'skipped' : 'waiting'),
      step,
      plan,
      after: plan.after.steps,
      parts: partsOf(plan.name),
    })
  }
  return columns.filter(Boolean)
}

export interface Compared extends Record<string, unknown> {
  step: string
  seconds: number | null
  seconds_then: number | null
  seconds_more: number | null
  rows: number | null
  rows_then: number | null
  rows_more: number | null
}

/** Steps and parts of two runs side by side: what one of them has not is null. */
export function compared(now: RunStep[], then: RunStep[]): Compared[] {
  const key = (one: RunStep) => `${one.parent ?? ''}\n${one.name}`
  const before = new Map(then.map((one) => [key(one), one]))
  const after = new Map(now.map((one) => [key(one), one]))
  const less = (a: number | undefined, b: number | undefined) =>
    a === undefined || b === undefined ? null : a - b
  return [...new Set([...now, ...then].map(key))].map((name) => {
    const [a, b] = [after.get(name), before.get(name)]
    return {
      step: (a ?? b)!.name,
      seconds: a?.seconds ?? null,
      seconds_then: b?.seconds ?? null,
      seconds_more: less(a?.seconds, b?.seconds),
      rows: a?.rows ?? null,
      rows_then: b?.rows ?? null,
      rows_more: less(a?.rows, b?.rows),
    }
  })
}
