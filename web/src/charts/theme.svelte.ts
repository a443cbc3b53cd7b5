/** Colours as the style sheet has them now, for what is drawn on a canvas. */
export interface Theme {
  text: string
  soft: string
  faint: string
  line: string
  card: string
  land: string
  series: string[]
  greys: string[]
  low: string
  high: string
  name: 'light' | 'dark'
}

export const kFont = "'Inter Variable', Inter, system-ui, sans-serif"

function read(): Theme {
  const style = getComputedStyle(document.documentElement)
  const of = (name: string) => style.getPropertyValue(name).trim()
  return {
    text: of('--text'),
    soft: of('--soft'),
    faint: of('--faint'),
    line: of('--line'),
    card: of('--card'),
    land: of('--land'),
    series: [of('--blue'), of('--orange'), of('--teal'), of('--plum')],
    greys: [of('--grey-1'), of('--grey-2'), of('--grey-3')],
    low: of('--low'),
    high: of('--blue'),
    name: of('--name') === 'dark' ? 'dark' : 'light',
  }
}

export type Choice = 'system' | 'light' | 'dark'
const kKey = 'reelhouse.theme'

class Look {
  theme = $state.raw<Theme>({} as Theme)
  choice = $state<Choice>('system')

  /** Takes the reader's standing choice before anything is painted. */
  start() {
    const kept = localStorage.getItem(kKey)
    if (kept === 'light' || kept === 'dark') this.set(kept)
    else this.theme = read()
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
      this.theme = read()
    })
  }
  /** Draws everything again. */
  again() {
    this.theme = read()
  }
  set(choice: Choice) {
    this.choice = choice
    if (choice === 'system') {
      delete document.documentElement.dataset.theme
      localStorage.removeItem(kKey)
    } else {
      document.documentElement.dataset.theme = choice
      localStorage.setItem(kKey, choice)
    }
    this.theme = read()
  }
}

export const look = new Look()
