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
}

export const kFont = "'Inter Variable', Inter, system-ui, sans-serif"

/** #rrggbb of a colour as a style has it when it is worked out. */
const hexOf = (colour: string): string =>
  `#${(colour.match(/\d+/g) ?? [])
    .slice(0, 3)
    .map((one) => Number(one).toString(16).padStart(2, '0'))
    .join('')}`

function read(): Theme {
  // A variable is handed out as it is written; only a colour that is used has chosen between light and dark.
  const probe = document.createElement('i')
  document.body.append(probe)
  const style = getComputedStyle(probe)
  const of = (name: string) => {
    probe.style.color = `var(${name})`
    return hexOf(style.color)
  }
  const theme = {
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
  }
  probe.remove()
  return theme
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
