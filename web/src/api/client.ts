import { get } from './http'
import { at } from './paths'
import { question } from './questions'
import type { Answer, Query } from './types'

const kKept = 300
const kept = new Map<string, Answer>()

/** The text that names a query: equal queries have equal texts. */
export const textOf = (query: Query): string => JSON.stringify(query)

/** An answer that was given before by this version, so that undoing paints at once. */
export function remembered(version: number, text: string): Answer | undefined {
  return kept.get(`${version} ${text}`)
}

/** Asks one query. The answer is remembered under the version that gave it. */
export async function ask(text: string, signal?: AbortSignal): Promise<Answer> {
  const answer = await question(text, signal)
  kept.set(`${answer.version} ${text}`, answer)
  if (kept.size > kKept) kept.delete(kept.keys().next().value as string)
  return answer
}

export { ApiError } from './http'
export const fetchModel = () => get(at('/api/model', {}))
export const fetchDashboards = () => get(at('/api/dashboards', {}))
export const fetchStatus = () => get(at('/api/status', {}))

/** Where a query's whole rows are downloaded from. */
export function exportUrl(query: Query, as: 'csv' | 'xlsx', title: string): string {
  const whole: Query = { ...query }
  delete whole.limit
  return `/api/export?q=${encodeURIComponent(textOf(whole))}&as=${as}&title=${encodeURIComponent(title)}`
}
