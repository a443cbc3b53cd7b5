import { ApiError, get, headers, problemOf } from './http'
import { at } from './paths'
import type { Answer, Line } from './types'

/**
 * Asks what tiles want to know. Questions that come in the same moment go out in one request, whose answers
 * arrive one by one; equal questions are asked once; what nobody waits for any more is not asked on.
 */

/** Of one request; the server takes no more. */
const kMost = 100

interface Question {
  text: string
  waiting: number
  resolve: (answer: Answer) => void
  reject: (problem: unknown) => void
  answer: Promise<Answer>
}

class Request {
  readonly abort = new AbortController()
  constructor(readonly open: Set<Question>) {}
  get abandoned(): boolean {
    return [...this.open].some((one) => one.waiting === 0)
  }
}

const known = new Map<string, Question>()
const requests = new Set<Request>()
let next = new Set<Question>()

function made(text: string): Question {
  const question = { text, waiting: 0 } as Question
  question.answer = new Promise<Answer>((resolve, reject) => {
    question.resolve = resolve
    question.reject = reject
  })
  question.answer.catch(() => undefined) // who waits hears of it; nobody may
  return question
}

/** Asks one question. Throws ApiError, or the AbortError of one that was given up. */
export function question(text: string, signal?: AbortSignal): Promise<Answer> {
  let found = known.get(text)
  if (!found) {
    found = made(text)
    known.set(text, found)
    if (next.size === 0) queueMicrotask(send)
    next.add(found)
  }
  const one = found
  one.waiting += 1
  return new Promise<Answer>((resolve, reject) => {
    one.answer.then(resolve, reject)
    signal?.addEventListener('abort', () => {
      one.waiting -= 1
      reject(signal.reason as Error)
      if (one.waiting === 0) release(one)
    })
  })
}

/** Nobody waits for a question any more: asked again, it is another. */
function release(one: Question) {
  if (known.get(one.text) === one) known.delete(one.text)
  for (const request of requests)
    if ([...request.open].every((each) => each.waiting === 0)) end(request)
}

function end(request: Request) {
  requests.delete(request)
  request.abort.abort()
}

function settle(request: Request, one: Question, how: () => void) {
  request.open.delete(one)
  if (known.get(one.text) === one) known.delete(one.text)
  how()
}

/** Sends what came together, with what is still wanted of requests of which a part is not. */
function send() {
  const all = next
  next = new Set()
  for (const request of requests) {
    if (!request.abandoned) continue
    for (const one of request.open) all.add(one)
    end(request)
  }
  const wanted = [...all].filter((one) => one.waiting > 0)
  for (let from = 0; from < wanted.length; from += kMost)
    void carry(wanted.slice(from, from + kMost))
}

async function carry(questions: Question[]) {
  const request = new Request(new Set(questions))
  requests.add(request)
  const { signal } = request.abort
  try {
    if (questions.length === 1) {
      const [one] = questions as [Question]
      const answer = await get(at('/api/query', {}, { q: one.text }), signal)
      settle(request, one, () => one.resolve(answer))
    } else {
      await read(request, questions)
      if (request.open.size > 0) throw new ApiError('The server broke off its answer.', '', true)
    }
  } catch (problem) {
    if (!signal.aborted)
      for (const one of [...request.open]) settle(request, one, () => one.reject(problem))
  } finally {
    requests.delete(request)
  }
}

/** Posts the questions and hands each line of the answer out as it comes. */
async function read(request: Request, questions: Question[]) {
  const { signal } = request.abort
  const body = `{"queries":[${questions.map((one) => one.text).join()}]}`
  const away = () => new ApiError('The server does not answer.', '', true)
  let response: Response
  try {
    response = await fetch('/api/queries', {
      method: 'POST',
      signal,
      body,
      headers: { ...headers, 'content-type': 'application/json' },
    })
  } catch (error) {
    throw signal.aborted ? error : away()
  }
  if (!response.ok) throw await problemOf(response)
  const take = (text: string) => {
    const line = JSON.parse(text) as Line
    const one = questions[line.at]
    if (!one || !request.open.has(one)) return
    const { answer, error } = line
    if (answer) settle(request, one, () => one.resolve(answer))
    else
      settle(request, one, () =>
        one.reject(
          new ApiError(
            error?.message ?? `The server answered ${line.status}.`,
            error?.hint ?? '',
            false,
            line.status,
          ),
        ),
      )
  }
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  for (;;) {
    const { done, value } = await reader.read().catch((error: unknown) => {
      throw signal.aborted ? error : away()
    })
    if (done) break
    const lines = (rest + value).split('\n')
    rest = lines.pop()!
    for (const line of lines) take(line)
  }
}
