import type { Path } from './paths'
import type { Error as Problem } from './types'

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

/** What every request says of itself. */
export const headers = { accept: 'application/json', 'x-client-id': kPageId }

/** Fetches JSON. Throws ApiError, or the AbortError of a request that was given up. */
export async function get<T>(path: Path<T>, signal?: AbortSignal): Promise<T> {
  let response: Response
  try {
    response = await fetch(path, { signal: signal ?? null, headers })
  } catch (error) {
    if (signal?.aborted) throw error
    throw new ApiError('The server does not answer.', '', true)
  }
  if (response.ok) return (await response.json()) as T
  throw await problemOf(response)
}

/** Sends an order. Throws as `get` does. */
export async function post<T>(path: Path<T>, body: unknown): Promise<T> {
  let response: Response
  try {
    response = await fetch(path, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  } catch {
    throw new ApiError('The server does not answer.', '', true)
  }
  if (response.ok) return (await response.json()) as T
  throw await problemOf(response)
}

/** What a response that is none says. */
export async function problemOf(response: Response): Promise<ApiError> {
  const body = (await response.json().catch(() => ({}))) as Partial<Problem>
  // A gateway's answer without a body of ours means that nobody is behind it.
  const away = response.status >= 502 && !body.error
  return new ApiError(
    body.error?.message ?? `The server answered ${response.status}.`,
    body.error?.hint ?? '',
    away,
    response.status,
  )
}
