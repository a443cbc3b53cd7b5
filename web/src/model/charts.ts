import type { ChartKind, PipelineChart } from '../api/types'

const kPipeline: Record<PipelineChart, true> = {
  runs: true,
  models: true,
  checks: true,
  quarantine: true,
  repairs: true,
  catalog: true,
  workflows: true,
}
/** Whether a chart shows the pipeline as a whole, and so all that it works on. */
export const ofPipeline = (chart: ChartKind): chart is PipelineChart =>
  Object.hasOwn(kPipeline, chart)
