/** A state of a run or a step: its word, its shape and its colour, so that none stands alone. */
export interface StateLook {
  word: string
  shape: 'tick' | 'cross' | 'ring' | 'dot' | 'bar' | 'dash' | 'bang'
  tone: 'good' | 'bad' | 'warn' | 'now' | 'soft'
}

const kLooks: Record<string, StateLook> = {
  succeeded: { word: 'succeeded', shape: 'tick', tone: 'good' },
  built: { word: 'built', shape: 'tick', tone: 'good' },
  failed: { word: 'failed', shape: 'cross', tone: 'bad' },
  died: { word: 'died', shape: 'cross', tone: 'bad' },
  check_failed: { word: 'check failed', shape: 'bang', tone: 'warn' },
  running: { word: 'running', shape: 'dot', tone: 'now' },
  queued: { word: 'queued', shape: 'ring', tone: 'soft' },
  waiting: { word: 'waiting', shape: 'ring', tone: 'soft' },
  cancelled: { word: 'cancelled', shape: 'bar', tone: 'warn' },
  skipped: { word: 'skipped', shape: 'dash', tone: 'soft' },
}
export const lookOf = (state: string): StateLook =>
  kLooks[state] ?? { word: state.replaceAll('_', ' '), shape: 'dash', tone: 'soft' }

export const isLive = (state: string) => state === 'running' || state === 'queued'
/** Whether a run that ended so can be gone on with. */
export const canResume = (state: string) =>
  ['failed', 'check_failed', 'cancelled', 'died'].includes(state)
