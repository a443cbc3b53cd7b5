import { get, post } from './http'
import { at, orderAt } from './paths'
import type { Properties } from './types'

/** What runs are asked and ordered. */
export const runPath = (id: string) => at('/api/run/{id}', { id })
export const receiptPath = (id: string) => at('/api/runs/{id}', { id })
export const readLog = (id: string, from: number, signal: AbortSignal) =>
  get(at('/api/log/{id}', { id }, { from }), signal)
export const startRun = (id: string, properties: Properties) =>
  post(orderAt('/api/workflows/{id}/run', { id }), { properties })
export const cancelRun = (id: string) => post(orderAt('/api/run/{id}/cancel', { id }), {})
export const resumeRun = (id: string) => post(orderAt('/api/run/{id}/resume', { id }), {})
/** Lets in exactly what a run stopped on of one table, and goes on with it. */
export const acceptStopped = (id: string, table: string) =>
  post(orderAt('/api/run/{id}/accept', { id }), { table })
