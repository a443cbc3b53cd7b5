import { get, post } from './http'

/** Shapes of the pipeline's answers; every field may be absent in an older receipt. */

export interface Run {
  run: string
  workflow?: string
  cause?: string
  state: string
  started: string | null
  ended: string | null
  version: number | null
  message: string | null
}

/** A step of a run, or a part of one (a model that a build built). */
export interface RunStep {
  name: string
  parent: string | null
  state: string
  seconds: number
  rows: number
  attempts: number
  started: string | null
  ended: string | null
  kept_from: string | null
  message: string | null
}

export interface WorkflowRun extends Omit<Run, 'cause'> {
  workflow: string
  queued: string | null
  cause: { kind: string; trigger: string | null; due: string | null; detail: string | null }
  resumes: string | null
  properties: Record<string, string>
  cancel_asked: boolean
  steps: RunStep[]
}

/** A step as its workflow has it. */
export interface StepPlan {
  name: string
  kind: string
  after: { of: 'all' | 'any'; are: string; steps: string[] }
  always: boolean
}

export interface Trigger {
  name: string
  kind: 'schedule' | 'objects' | 'after' | 'http'
  text: string
  missed?: string
}

export interface Workflow {
  name: string
  description: string | null
  steps: StepPlan[]
  triggers: Trigger[]
  properties: Record<string, string>
  last: WorkflowRun | null
}

export interface Workflows {
  scheduling: boolean
  can_run: boolean
  workflows: Workflow[]
  next: { workflow: string; trigger: string; at: string }[]
}

export interface LogLine {
  time: string
  run: string
  step: string
  attempt: number
  level: string
  message: string
}

export interface LogPart {
  run: string
  lines: LogLine[]
  next: number
}

/** What the server says to an order that it took. */
export interface Accepted {
  run: string
  workflow: string
  state: string
}

const at = (...parts: string[]) => `/api/${parts.map(encodeURIComponent).join('/')}`
export const runPath = (run: string) => at('run', run)
export const receiptPath = (run: string) => at('runs', run)
export const readLog = (run: string, from: number, signal: AbortSignal) =>
  get<LogPart>(`${at('log', run)}?from=${from}`, signal)
export const startRun = (workflow: string, properties: Record<string, string>) =>
  post<Accepted>(at('workflows', workflow, 'run'), { properties })
export const cancelRun = (run: string) => post<Accepted>(at('run', run, 'cancel'), {})
export const resumeRun = (run: string) => post<Accepted>(at('run', run, 'resume'), {})

export interface Phase {
  phase: string
  seconds: number
  peak_memory_bytes?: number
}

export interface Check {
  model: string
  check: string
  severity: string
  passed: boolean
  failures: number
  description?: string
}

export interface ReceiptObject {
  object: string
  table: string
  drop: string | null
  bytes: number
  read: number
  kept: number
  rejected: number
}

export interface Receipt extends Run {
  phases?: Phase[]
  records?: { read: number; kept: number; rejected: number }
  objects?: ReceiptObject[]
  checks?: Check[]
  models?: { model: string; state: string; rows: number; rejected: number; seconds: number }[]
  changes?: { what: string; table: string; subject: string; detail: string }[]
}

export interface ModelNode {
  name: string
  layer: string
  materialisation?: string
  inputs: string[]
  rows: number | null
  seconds: number | null
  checks?: number | Check[] | { total?: number; passed?: number; failed?: number }
  description?: string
}

export interface Edge {
  depth: number
  table: string
  column: string | null
  from_table: string | null
  from_column: string | null
  kind: string
  object: string | null
  field: string | null
  drop: string | null
}

export type Rows = Record<string, unknown>[]

/** Finds the rows in an answer that is a list, or an object holding one. */
export function rowsOf<T = Record<string, unknown>>(answer: unknown, ...names: string[]): T[] {
  if (Array.isArray(answer)) return answer as T[]
  if (answer && typeof answer === 'object') {
    const held = answer as Record<string, unknown>
    for (const name of names) if (Array.isArray(held[name])) return held[name] as T[]
    for (const value of Object.values(held)) if (Array.isArray(value)) return value as T[]
  }
  return []
}
