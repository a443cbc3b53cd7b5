import { SVGRenderer } from 'echarts/renderers'
import { init, use } from 'echarts/core'
import type { Drawing } from './drawing'
import { kFont, type Theme } from './theme.svelte'

use([SVGRenderer])

const kHead = 56

/** Draws a tile as it would be printed: title, how it is counted, legend, chart. */
function whole(drawing: Drawing, theme: Theme, width: number, title: string, about: string) {
  const text = (
    id: string,
    content: string,
    top: number,
    weight: number,
    size: number,
    fill: string,
    left = 12,
  ) => ({
    id,
    type: 'text',
    left,
    top,
    style: {
      text: content,
      fill,
      font: `${weight} ${size}px ${kFont}`,
      width: width - left - 12,
      overflow: 'truncate',
    },
  })
  const heads: unknown[] = [
    text('title', title, 12, 640, 14, theme.text),
    text('about', about, 32, 450, 12, theme.soft),
  ]
  let left = 12
  let head = kHead
  if (drawing.legend) {
    for (const [index, one] of drawing.legend.entries()) {
      heads.push({
        id: `x${index}`,
        type: 'rect',
        shape: { x: left, y: kHead + 2, width: 9, height: 9, r: 2 },
        style: { fill: one.colour },
      })
      heads.push(text(`y${index}`, one.name, kHead, 450, 12, theme.text, left + 14))
      left += 14 + one.name.length * 7 + 14
    }
    head += 22
  }
  return { heads, head }
}

function shifted(option: Record<string, unknown>, head: number): Record<string, unknown> {
  const move = (one: unknown) => {
    if (!one || typeof one !== 'object') return one
    const it = one as { top?: unknown; shape?: { y?: number } }
    if (typeof it.top === 'number') return { ...it, top: it.top + head }
    if (it.shape && typeof it.shape.y === 'number')
      return { ...it, shape: { ...it.shape, y: it.shape.y + head } }
    return one
  }
  const out = { ...option }
  if (out.grid) out.grid = move(out.grid)
  if (Array.isArray(out.series))
    out.series = out.series.map((one: { type?: string }) => (one.type === 'map' ? move(one) : one))
  out.graphic = ((out.graphic as unknown[] | undefined) ?? []).map(move)
  return out
}

/** Draws a tile off the page and returns it as SVG text or PNG data. */
export async function picture(
  as: 'svg' | 'png',
  drawing: Drawing,
  theme: Theme,
  size: { width: number; height: number },
  title: string,
  about: string,
): Promise<Blob> {
  const { heads, head } = whole(drawing, theme, size.width, title, about)
  const option = shifted(drawing.option, head)
  option.graphic = [...heads, ...((option.graphic as unknown[] | undefined) ?? [])]
  const box = document.createElement('div')
  const dimensions = { width: size.width, height: size.height + head + 8 }
  const chart = init(box, null, {
    renderer: as === 'svg' ? 'svg' : 'canvas',
    ssr: as === 'svg',
    devicePixelRatio: 2,
    ...dimensions,
  })
  try {
    chart.setOption({
      animation: false,
      backgroundColor: theme.card,
      ...option,
      tooltip: { show: false },
    })
    if (as === 'svg') return new Blob([chart.renderToSVGString()], { type: 'image/svg+xml' })
    const data = chart.getDataURL({ type: 'png', pixelRatio: 2, backgroundColor: theme.card })
    const bytes = Uint8Array.from(atob(data.slice(data.indexOf(',') + 1)), (one) =>
      one.charCodeAt(0),
    )
    return new Blob([bytes], { type: 'image/png' })
  } finally {
    chart.dispose()
  }
}

/** Hands a file to the reader. */
export function download(blob: Blob, name: string) {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(blob)
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
