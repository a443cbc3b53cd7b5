import { CustomChart, HeatmapChart, ScatterChart } from 'echarts/charts'
import { VisualMapContinuousComponent } from 'echarts/components'
import { use } from 'echarts/core'

use([CustomChart, HeatmapChart, ScatterChart, VisualMapContinuousComponent])

export { dots } from './dots'
export { heatmap } from './heatmap'
export { scatter } from './scatter'
