import { BarChart, LineChart } from 'echarts/charts'
import { GraphicComponent, GridComponent, TooltipComponent } from 'echarts/components'
import { init, use, type EChartsType } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'
import type { ChartKind, MeasureChart } from '../api/types'
import { bars } from './bars'
import { columns } from './columns'
import type { Drawing, Scene } from './drawing'
import { lines } from './lines'
import { share } from './share'

use([BarChart, LineChart, GridComponent, TooltipComponent, GraphicComponent, CanvasRenderer])

export type Draw = (scene: Scene) => Drawing
export type Chart = EChartsType
export { init }

type Drawn = Exclude<MeasureChart, 'table'>
/** Every kind that is drawn; those that are rarely are fetched when they first are. */
const kDrawn: Record<Drawn, Draw | undefined> = {
  columns,
  lines,
  bars,
  share,
  dots: undefined,
  heatmap: undefined,
  scatter: undefined,
  map: undefined,
}
/** Whether a chart is drawn from an answer, and so may be shown as a table instead. */
export const isDrawn = (kind: ChartKind): kind is Drawn => Object.hasOwn(kDrawn, kind)

/** The drawing function of a kind that is already here; undefined while it must be fetched. */
export const ready = (kind: ChartKind): Draw | undefined =>
  isDrawn(kind) ? kDrawn[kind] : undefined

/** Fetches what a rarely used kind needs. */
export async function fetched(kind: ChartKind): Promise<Draw> {
  if (kind === 'map') kDrawn.map = (await import('./map')).map
  else {
    const { dots, heatmap, scatter } = await import('./rare')
    Object.assign(kDrawn, { dots, heatmap, scatter })
  }
  const draw = ready(kind)
  if (!draw) throw new Error(`There is no chart ${kind}.`)
  return draw
}
