/**
 * Names what an ECharts option is made of, without its values. Options of one shape can be merged into one
 * another, which costs much less than drawing anew; of another shape, something of the old would stay.
 */
export function shapeOf(option: unknown): string {
  if (Array.isArray(option)) return `[${option.map(shapeOf).join()}]`
  if (typeof option !== 'object' || option === null) return typeof option
  const parts: string[] = []
  for (const [key, value] of Object.entries(option)) {
    // Data is replaced whole, whatever it is; what something is, and which one, must be the same.
    if (key === 'data') continue
    parts.push(
      key === 'id' || key === 'type' ? `${key}=${String(value)}` : `${key}:${shapeOf(value)}`,
    )
  }
  return `{${parts.sort().join()}}`
}
