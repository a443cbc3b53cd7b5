/** Shapes of the pipeline's answers; every field may be absent in an older receipt. */

export interface Run {
  run: string
  state: string
  started: string
  ended: string | null
  version: number | null
  message: string | null
}

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
