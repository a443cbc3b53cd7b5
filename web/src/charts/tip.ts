import type { Tip } from './drawing'

/** Builds a hover's element node by node: nothing of the data is ever read as HTML. */
export function tipElement(tip: Tip): HTMLElement {
  const box = document.createElement('div')
  box.className = 'tip'
  const title = document.createElement('div')
  title.className = 'tip-title'
  title.textContent = tip.title
  box.append(title)
  const grid = document.createElement('div')
  grid.className = 'tip-grid'
  for (const row of tip.rows) {
    const name = document.createElement('span')
    name.className = 'tip-name'
    const dot = document.createElement('i')
    if (row.colour) dot.style.background = row.colour
    name.append(dot, row.name)
    const cells = [row.value, row.share ?? '', row.change ?? ''].map((text, index) => {
      const one = document.createElement('span')
      one.className = ['tip-value', 'tip-share', 'tip-change'][index]!
      one.textContent = text
      return one
    })
    grid.append(name, ...cells)
  }
  box.append(grid)
  if (tip.note) {
    const note = document.createElement('div')
    note.className = 'tip-note'
    note.textContent = tip.note
    box.append(note)
  }
  return box
}
