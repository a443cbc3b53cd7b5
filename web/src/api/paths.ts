import type { paths } from './schema'

/** Where something is asked; `says` is never there, it only tells the compiler what is answered. */
export type Path<T> = string & { readonly says?: T }

type Template = keyof paths
type Method = 'get' | 'post'
type Content<R> = R extends { content: { 'application/json': infer T } } ? T : never
type Said<P extends Template, M extends Method, Status extends number> = paths[P][M] extends {
  responses: Record<Status, infer R>
}
  ? Content<R>
  : never
/** What a path of the API answers when it is read. */
export type AnswerOf<P extends Template> = Said<P, 'get', 200>
/** What it answers to an order that it takes. */
export type TakenOf<P extends Template> = Said<P, 'post', 202>

type Names<P extends Template, M extends Method> = paths[P][M] extends {
  parameters: { path: infer N extends Record<string, string> }
}
  ? N
  : Record<string, never>
type Asked<P extends Template> = paths[P]['get'] extends { parameters: { query?: infer Q } }
  ? Q
  : never

const withNames = (template: string, names: Record<string, string>) =>
  template.replace(/{(\w+)}/g, (_, name: string) => encodeURIComponent(names[name]!))

/** A path of the API to read, with its names and what is asked of it. */
export function at<P extends Template>(
  template: P,
  names: Names<P, 'get'>,
  query?: Asked<P>,
): Path<AnswerOf<P>> {
  const asked = Object.entries(query ?? {})
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
    .join('&')
  return withNames(template, names) + (asked && `?${asked}`)
}

/** A path of the API that takes an order. */
export const orderAt = <P extends Template>(
  template: P,
  names: Names<P, 'post'>,
): Path<TakenOf<P>> => withNames(template, names)
