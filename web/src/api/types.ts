import type { Grain } from './schema'

/** The server's words, as src/serve/openapi.yaml describes them: `npm run types` writes them from it. */
export type * from './schema'

const kGrains: Record<Grain, true> = {
  day: true,
  week: true,
  month: true,
  quarter: true,
  year: true,
}
export const isGrain = (name: string): name is Grain => Object.hasOwn(kGrains, name)
