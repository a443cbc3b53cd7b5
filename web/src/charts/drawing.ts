import type { Answer, Member, Measure } from '../api/types'
import type { Plan } from '../model/query'
import type { Theme } from './theme.svelte'

/** One thing in a chart that can be hovered, reached by keyboard and clicked. */
export interface Mark {
  series: number
  data: number
  /** Tells what a screen reader says; worked out when asked, for most marks never are. */
  label: () => string
  /** The member a click filters by; undefined when there is none ("other"). */
  member?: Member
  /** The axis member, for drilling down. */
  axisMember?: Member
  /** The period a click filters by, when the axis is time. */
  range?: { from: string; to: string }
}

export interface TipRow {
  colour?: string
  name: string
  value: string
  share?: string
  change?: string
}
export interface Tip {
  title: string
  rows: TipRow[]
  note?: string
}

/** What a chart kind makes of an answer: an ECharts option, its marks and its hover texts. */
export interface Drawing {
  option: Record<string, unknown>
  marks: Mark[]
  tip: (series: number, data: number) => Tip | null
  legend?: { name: string; colour: string; member?: Member }[]
  /** First days of the periods on the x axis, when a range of them can be brushed. */
  periods?: string[]
  /** Where the plot begins and ends within its box, for the brush. */
  plot?: { left: number; right: number; top: number; bottom: number }
}

/** Everything a chart kind may look at. */
export interface Scene {
  answer: Answer
  plan: Plan
  measure: Measure
  theme: Theme
  width: number
  height: number
  share: boolean
  /** Colour of a member of the series dimension. */
  colour: (member: Member) => string
  /** The place of a member among all members of the series dimension. */
  rank: (member: Member) => number
  /** Whether a member of the clicked dimension is chosen; null when nothing is. */
  chosen: ((member: Member, day?: string) => boolean) | null
}
