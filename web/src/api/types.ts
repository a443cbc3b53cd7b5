/** What the server answers, word for word. Its description is src/serve/openapi.yaml. */

export type Member = string | number | boolean | null
export type Cell = Member

export type Grain = 'day' | 'week' | 'month' | 'quarter' | 'year'
export const grains: readonly Grain[] = ['day', 'week', 'month', 'quarter', 'year']
export const isGrain = (name: string): name is Grain => (grains as readonly string[]).includes(name)

export type Format = 'number' | 'money' | 'percent' | 'rating' | 'hours' | 'days' | 'years'
export type Compare = 'previous' | 'year'

export interface Filter {
  dimension: string
  in?: Member[]
  not_in?: Member[]
  from?: string
  to?: string
  search?: string
}

export interface Query {
  measures: string[]
  dimensions?: string[]
  filters?: Filter[]
  compare?: Compare
  last?: Grain
  top?: { count: number; dimension: string; other: boolean }
  sort?: { by: string; descending: boolean }[]
  limit?: number
  totals?: boolean
  overlapping?: boolean
}

export interface Column {
  name: string
  label: string
  kind: 'dimension' | 'measure' | 'before'
  type: string
  unit?: string
  grain?: Grain
  additive?: boolean
}

export interface Span {
  from: string
  to: string
}

export interface Answer {
  version: number
  view: string
  columns: Column[]
  rows: Cell[][]
  other?: number[]
  totals: Cell[] | null
  bridge?: 'weighted' | 'overlapping' | null
  known_until?: string | null
  unfinished_from?: string | null
  period?: Span | null
  before?: Span | null
  unknown?: Record<string, string>
  notes?: string[]
  source?: string
  sql?: string
  milliseconds?: number
}

export interface Dimension {
  name: string
  label: string
  description?: string
  type: string
  bridge: string | null
  /** What it reads besides the view's fact; absent from older servers. */
  tables?: string[]
}

export interface Measure {
  name: string
  label: string
  description?: string
  format: Format
  unit?: string
  additive: boolean
  closing?: boolean
  /** What it reads besides the view's fact; absent from older servers. */
  tables?: string[]
  /** Whether its parts within one period add up; absent from older servers. */
  parts?: boolean
  unknown?: string | null
}

export interface ViewTime {
  label: string
  grain: Grain
  grains: Grain[]
  first: string | null
  last: string | null
  known_until?: string | null
}

export interface View {
  name: string
  label: string
  description?: string
  fact: string
  rows: number
  note?: string
  time: ViewTime | null
  dimensions: Dimension[]
  measures: Measure[]
  hierarchies?: { name: string; levels: string[] }[]
}

export interface Model {
  version: number
  views: View[]
}

export type ChartKind =
  | 'kpis'
  | 'columns'
  | 'lines'
  | 'bars'
  | 'dots'
  | 'map'
  | 'table'
  | 'heatmap'
  | 'share'
  | 'scatter'
  | 'text'
  | 'runs'
  | 'models'
  | 'checks'
  | 'quarantine'
  | 'repairs'
  | 'catalog'
  | 'match'
  | 'workflows'

export interface Kpi {
  measure: string
  label?: string
  last?: Grain
  compare?: Compare
  spark?: Grain
  fixed?: Filter[]
}

export interface Tile {
  name: string
  title?: string
  about?: string
  chart: ChartKind
  width?: number
  height?: number
  measures?: string[]
  by?: (string | string[])[]
  grains?: Grain[]
  compare?: ('none' | Compare)[]
  top?: number
  other?: boolean
  share?: boolean
  click?: string
  overlapping?: boolean
  fixed?: Filter[]
  sort?: { by: string; descending?: boolean }[]
  limit?: number
  last?: Grain
  text?: string
  kpis?: Kpi[]
}

export interface Page {
  page: string
  title: string
  question?: string
  filters?: string[]
  tiles: Tile[]
}

export interface Dashboards {
  project: string
  pages: Page[]
}

export interface Freshness {
  name: string
  label?: string
  newest_drop: string | null
  records: number
  rejected: number
}

/** How old a dataset or a table is beside what it promises. */
export interface Age {
  name: string
  kind: 'dataset' | 'table'
  newest: string | null
  age_seconds: number | null
  max_age_seconds: number | null
  late: boolean
  /** Published tables that stand on it. */
  tables: string[]
}

export interface Status {
  version: number
  published: string | null
  run?: string | null
  datasets: Freshness[]
  read: number
  rejected: number
  repaired: number
  /** Absent from older servers. */
  freshness?: Age[]
}
