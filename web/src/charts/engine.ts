import { BarChart, LineChart } from 'echarts/charts'
import { GraphicComponent, GridComponent, TooltipComponent } from 'echarts/components'
import { init, use, type EChartsType } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import type { ChartKind } from '../api/types'
import { bars } from './bars'
import { columns } from './columns'
import type { Drawing, Scene } from './drawing'
import { lines } from './lines'
import { share } from './share'

use([BarChart, LineChart, GridComponent, TooltipComponent, GraphicComponent, CanvasRenderer])

export type Draw = (scene: Scene) => Drawing
export type Chart = EChartsType
export { init }

const drawn = new Map<ChartKind, Draw>([
  ['columns', columns],
  ['lines', lines],
  ['bars', bars],
  ['share', share],
])
export const charted: ReadonlySet<ChartKind> = new Set([
  ...drawn.keys(),
  'dots',
  'heatmap',
  'scatter',
  'map',
])

/** The drawing function of a kind that is already here; undefined while it must be fetched. */
export const ready = (kind: ChartKind): Draw | undefined => drawn.get(kind)

/** Fetches what a rarely used kind needs. */
export async function fetched(kind: ChartKind): Promise<Draw> {
  const here = drawn.get(kind)
  if (here) return here
  if (kind === 'map') drawn.set('map', (await import('./map')).map)
  else {
    const rare = await import('./rare')
    drawn.set('dots', rare.dots)
    drawn.set('heatmap', rare.heatmap)
    drawn.set('scatter', rare.scatter)
  }
  return drawn.get(kind)!
}
