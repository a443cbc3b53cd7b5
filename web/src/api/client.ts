import type { Answer, Dashboards, Model, Query, Status } from './types'

/** What went wrong, in the server's words. `away` is true when no server answered at all. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly hint = '',
    readonly away = false,
    readonly status = 0,
  ) {
    super(message)
  }
}

/** Tells this page apart from others at the same address, so that each has its fair turn. */
const kPageId = Array.from(crypto.getRandomValues(new Uint8Array(12)), (one) =>
  one.toString(16).padStart(2, '0'),
).join('')

interface ErrorBody {
  error?: { message?: string; hint?: string }
}

/** Fetches JSON. Throws ApiError, or the AbortError of a request that was given up. */
export async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  let response: Response
  try {
    response = await fetch(path, {
      signal: signal ?? null,
      headers: { accept: 'application/json', 'x-client-id': kPageId },
    })
  } catch (error) {
    if (signal?.aborted) throw error
    throw new ApiError('The server does not answer.', '', true)
  }
  if (response.ok) return (await response.json()) as T
  const body = (await response.json().catch(() => ({}))) as ErrorBody
  // A gateway's answer without a body of ours means that nobody is behind it.
  const away = response.status >= 502 && !body.error
  throw new ApiError(
    body.error?.message ?? `The server answered ${response.status}.`,
    body.error?.hint ?? '',
    away,
    response.status,
  )
}

const kKept = 300
const kept = new Map<string, Answer>()

/** The text that names a query: equal queries have equal texts. */
export const textOf = (query: Query): string => JSON.stringify(query)

/** An answer that was given before by this version, so that undoing paints at once. */
export function remembered(version: number, text: string): Answer | undefined {
  return kept.get(`${version} ${text}`)
}

/** Flags are true or false, also where they came as text. */
function withFlags(answer: Answer): Answer {
  answer.columns.forEach((column, at) => {
    if (column.type !== 'flag') return
    for (const row of answer.rows)
      if (row[at] === 'true' || row[at] === 'false') row[at] = row[at] === 'true'
  })
  return answer
}

/** Asks one query. The answer is remembered under the version that gave it. */
export async function ask(text: string, signal?: AbortSignal): Promise<Answer> {
  const answer = withFlags(await get<Answer>(`/api/query?q=${encodeURIComponent(text)}`, signal))
  kept.set(`${answer.version} ${text}`, answer)
  if (kept.size > kKept) kept.delete(kept.keys().next().value as string)
  return answer
}

export const fetchModel = () => get<Model>('/api/model')
export const fetchDashboards = () => get<Dashboards>('/api/dashboards')
export const fetchStatus = () => get<Status>('/api/status')

/** Where a query's whole rows are downloaded from. */
export function exportUrl(query: Query, as: 'csv' | 'xlsx', title: string): string {
  const whole: Query = { ...query }
  delete whole.limit
  return `/api/export?q=${encodeURIComponent(textOf(whole))}&as=${as}&title=${encodeURIComponent(title)}`
}
