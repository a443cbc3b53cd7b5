import { kFont } from './theme.svelte'

const context =
  typeof document === 'undefined' ? null : document.createElement('canvas').getContext('2d')
const widths = new Map<string, number>()

/** Measures a text in the charts' font, in pixels. */
export function widthOf(text: string, size = 11.5, weight = 450): number {
  const key = `${weight} ${size} ${text}`
  let width = widths.get(key)
  if (width === undefined) {
    if (!context) return text.length * size * 0.55
    context.font = `${weight} ${size}px ${kFont}`
    width = context.measureText(text).width
    if (widths.size > 5000) widths.clear()
    widths.set(key, width)
  }
  return width
}
/** Forgets measurements made before the font came. */
export const forgetWidths = () => widths.clear()

/** Cuts a text so that it fits, with an ellipsis. */
export function fitted(text: string, room: number, size = 11.5): string {
  if (widthOf(text, size) <= room) return text
  let low = 1
  let high = text.length
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (widthOf(`${text.slice(0, middle)}…`, size) <= room) low = middle
    else high = middle - 1
  }
  return `${text.slice(0, low).trimEnd()}…`
}
