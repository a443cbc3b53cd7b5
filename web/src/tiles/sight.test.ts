import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Sight } from './sight'

let idle: (() => void)[] = []
let look: (near: boolean) => void = () => undefined
const heard = new Map<string, () => void>()

beforeEach(() => {
  idle = []
  vi.stubGlobal('requestAnimationFrame', (then: () => void) => then())
  vi.stubGlobal('requestIdleCallback', (then: (left: unknown) => void) =>
    idle.push(() => then({ timeRemaining: () => 0 })),
  )
  vi.stubGlobal('addEventListener', (name: string, then: () => void) => heard.set(name, then))
  vi.stubGlobal('removeEventListener', (name: string) => heard.delete(name))
  vi.stubGlobal(
    'IntersectionObserver',
    class {
      constructor(told: (entries: { isIntersecting: boolean }[]) => void) {
        look = (near) => told([{ isIntersecting: near }])
      }
      observe() {}
      disconnect() {}
    },
  )
})
afterEach(() => vi.unstubAllGlobals())

/** A tile that was seen to be out of sight. */
function far(): { sight: Sight; shown: string[]; show: (what: string) => void; near: () => void } {
  const sight = new Sight()
  sight.watch({} as Element)
  const told = look
  told(false)
  const shown: string[] = []
  return {
    sight,
    shown,
    show: (what) => sight.show(() => shown.push(what)),
    near: () => told(true),
  }
}

describe('a tile', () => {
  it('on the screen shows at once', () => {
    const shown: string[] = []
    new Sight().show(() => shown.push('a'))
    expect(shown).toEqual(['a'])
  })

  it('out of sight shows when there is time, and only the newest', () => {
    const tile = far()
    tile.show('a')
    tile.show('b')
    expect(tile.shown).toEqual([])
    while (idle.length) idle.shift()!()
    expect(tile.shown).toEqual(['b'])
  })

  it('shows when it comes into view, or goes to paper', () => {
    const tile = far()
    tile.show('a')
    tile.near()
    expect(tile.shown).toEqual(['a'])
    const other = far()
    other.show('b')
    heard.get('beforeprint')!()
    expect(other.shown).toEqual(['b'])
    while (idle.length) idle.shift()!()
    expect([tile.shown, other.shown]).toEqual([['a'], ['b']])
  })

  it('that is gone shows nothing', () => {
    const tile = far()
    tile.show('a')
    tile.sight.drop()
    while (idle.length) idle.shift()!()
    expect(tile.shown).toEqual([])
  })

  it('does not hold up the next: each has its turn', () => {
    const [one, two] = [far(), far()]
    one.show('a')
    two.show('b')
    idle.shift()!()
    expect([one.shown, two.shown]).toEqual([['a'], []])
    idle.shift()!()
    expect(two.shown).toEqual(['b'])
  })
})
