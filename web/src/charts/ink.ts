const channel = (hex: string, at: number) => {
  const value = parseInt(hex.slice(at, at + 2), 16) / 255
  return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
}
/** Relative luminance of #rrggbb, as WCAG defines it. */
export const luminance = (hex: string): number =>
  0.2126 * channel(hex, 1) + 0.7152 * channel(hex, 3) + 0.0722 * channel(hex, 5)

/** Dark or light text, whichever is better to read on a colour. */
export const inkOn = (hex: string): string => {
  const own = luminance(hex)
  return 1.05 / (own + 0.05) > (own + 0.05) / 0.058 ? '#ffffff' : '#14161a'
}

/** A colour between two, in plain RGB. */
export function mixed(low: string, high: string, share: number): string {
  const part = (at: number) => {
    const [a, b] = [parseInt(low.slice(at, at + 2), 16), parseInt(high.slice(at, at + 2), 16)]
    return Math.round(a + (b - a) * share)
      .toString(16)
      .padStart(2, '0')
  }
  return `#${part(1)}${part(3)}${part(5)}`
}
