import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError } from './http'
import { question } from './questions'

/** What was fetched: where, which questions, and how to answer. */
interface Sent {
  path: string
  texts: string[]
  signal: AbortSignal
  say: (lines: unknown[]) => void
  end: () => void
  fail: (status: number, body: unknown) => void
  breakOff: () => void
}
let sent: Sent[] = []

beforeEach(() => {
  sent = []
  vi.stubGlobal(
    'fetch',
    (path: string, { body, signal }: { body?: string; signal: AbortSignal }) => {
      const out = new TransformStream<Uint8Array, Uint8Array>()
      const writer = out.writable.getWriter()
      const queries = body ? (JSON.parse(body) as { queries: unknown[] }).queries : []
      return new Promise<Response>((resolve, reject) => {
        signal.addEventListener('abort', () => {
          reject(signal.reason as Error)
          void writer.abort(signal.reason).catch(() => undefined)
        })
        let begun = false
        const begin = () => {
          if (!begun) resolve(new Response(out.readable))
          begun = true
        }
        sent.push({
          path,
          texts: queries.map((one) => JSON.stringify(one)),
          signal,
          say: (lines) => {
            begin()
            for (const line of lines) {
              const bytes = new TextEncoder().encode(`${JSON.stringify(line)}\n`)
              // In two pieces: a line may be cut anywhere.
              void writer.write(bytes.slice(0, 7))
              void writer.write(bytes.slice(7))
            }
          },
          end: () => {
            begin()
            void writer.close()
          },
          fail: (status, answer) => resolve(new Response(JSON.stringify(answer), { status })),
          breakOff: () => {
            begin()
            void writer.abort(new Error('reset')).catch(() => undefined)
          },
        })
      })
    },
  )
})
afterEach(() => vi.unstubAllGlobals())

const soon = () => new Promise((done) => setTimeout(done, 0))
const answer = (view: string) => ({ version: 1, view, columns: [], rows: [], totals: null })
const [a, b, c] = ['{"measures":["a"]}', '{"measures":["b"]}', '{"measures":["c"]}'] as const

describe('questions', () => {
  it('of one moment go out together, equal ones once, and each is answered on its own', async () => {
    const all = [question(a), question(b), question(a)]
    await soon()
    expect(sent.map((one) => [one.path, one.texts])).toEqual([['/api/queries', [a, b]]])
    sent[0]!.say([{ at: 1, status: 200, answer: answer('b') }])
    expect((await all[1]!).view).toBe('b')
    sent[0]!.say([{ at: 0, status: 200, answer: answer('a') }])
    expect((await all[0]!).view).toBe('a')
    expect((await all[2]!).view).toBe('a')
    sent[0]!.end()
  })

  it('alone are read by GET, which a browser may keep', async () => {
    const one = question(a)
    await soon()
    expect(sent[0]!.path).toBe(`/api/query?q=${encodeURIComponent(a)}`)
    sent[0]!.fail(200, answer('a'))
    expect((await one).view).toBe('a')
  })

  it('fail one by one, in the words of the server', async () => {
    const all = [question(a), question(b)]
    await soon()
    sent[0]!.say([
      { at: 0, status: 400, error: { message: 'no such measure', hint: 'a?' } },
      { at: 1, status: 200, answer: answer('b') },
    ])
    sent[0]!.end()
    const problem = await all[0]!.catch((error: unknown) => error)
    expect(problem).toBeInstanceOf(ApiError)
    expect(problem).toMatchObject({
      message: 'no such measure',
      hint: 'a?',
      away: false,
      status: 400,
    })
    expect((await all[1]!).view).toBe('b')
  })

  it('fail together when the request does, or when its answer breaks off', async () => {
    const refused = [question(a), question(b)]
    await soon()
    sent[0]!.fail(401, { error: { message: 'who are you?' } })
    for (const one of refused) await expect(one).rejects.toMatchObject({ status: 401, away: false })
    for (const how of ['end', 'breakOff'] as const) {
      const broken = [question(a), question(b)]
      await soon()
      sent.at(-1)!.say([{ at: 0, status: 200, answer: answer('a') }])
      expect((await broken[0]!).view).toBe('a')
      sent.at(-1)![how]()
      await expect(broken[1]!).rejects.toMatchObject({ away: true })
    }
  })

  it('that nobody waits for end their request', async () => {
    const gone = new AbortController()
    const all = [question(a, gone.signal), question(b, gone.signal)]
    await soon()
    gone.abort()
    for (const one of all) await expect(one).rejects.toMatchObject({ name: 'AbortError' })
    expect(sent[0]!.signal.aborted).toBe(true)
  })

  it('that are still wanted go on with the next when others of their request are not', async () => {
    const gone = new AbortController()
    const kept = question(b)
    question(a, gone.signal).catch(() => undefined)
    await soon()
    gone.abort()
    expect(sent[0]!.signal.aborted).toBe(false)
    const next = question(c)
    await soon()
    expect(sent[0]!.signal.aborted).toBe(true)
    expect(sent[1]!.texts.sort()).toEqual([b, c])
    sent[1]!.say(sent[1]!.texts.map((_, at) => ({ at, status: 200, answer: answer('later') })))
    sent[1]!.end()
    expect((await kept).view).toBe('later')
    expect((await next).view).toBe('later')
  })

  it('asked again after they were given up are asked anew', async () => {
    const gone = new AbortController()
    question(a, gone.signal).catch(() => undefined)
    await soon()
    gone.abort()
    const again = question(a)
    await soon()
    expect(sent).toHaveLength(2)
    sent[1]!.fail(200, answer('a'))
    expect((await again).view).toBe('a')
  })
})
