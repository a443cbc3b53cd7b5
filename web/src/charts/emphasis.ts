import type { Mark, Scene } from './drawing'

export const kPale = 0.38
export const kFaded = 0.25

/** Whether a day lies in a period that has not ended, or is not known to its end: such marks are pale. */
export const unfinished = (scene: Scene, day: unknown): boolean =>
  typeof day === 'string' && !!scene.answer.unfinished_from && day >= scene.answer.unfinished_from

/** A value for ECharts; one that is plain costs it far less than one with a style of its own. */
export const faded = (value: number | null, opacity: number) =>
  opacity === 1 ? value : { value, itemStyle: { opacity } }

/** Opacity of a mark: faded when others are chosen. */
export const fade = (scene: Scene, mark: Mark): number => {
  if (!scene.chosen) return 1
  if (mark.range) return scene.chosen(null, mark.range.from) ? 1 : kFaded
  return mark.member !== undefined && scene.chosen(mark.member) ? 1 : kFaded
}
