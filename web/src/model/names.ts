import {
  isGrain,
  type Dimension,
  type Grain,
  type Measure,
  type Model,
  type View,
} from '../api/types'

/** Looks names up in the model that the server sent. */
export const viewOf = (model: Model, measure: string): View | undefined =>
  model.views.find((view) => view.measures.some((one) => one.name === measure))

export const measureOf = (model: Model, name: string): Measure | undefined =>
  viewOf(model, name)?.measures.find((one) => one.name === name)

export const dimensionOf = (view: View | undefined, name: string): Dimension | undefined =>
  view?.dimensions.find((one) => one.name === name)

/** A dimension's label, from whichever view has it. */
export function labelOf(model: Model, name: string): string {
  if (name === 'date') return 'Period'
  if (isGrain(name)) return name[0]!.toUpperCase() + name.slice(1)
  for (const view of model.views) {
    const found = dimensionOf(view, name)
    if (found) return found.label
  }
  return name
}

/** Whether a page filter of that name says anything to a view. */
export const takes = (view: View, filter: string): boolean =>
  filter === 'date' ? view.time !== null : dimensionOf(view, filter) !== undefined

/** The measure that counts a view's members: its first plain number, else its first. */
export const countOf = (view: View): Measure | undefined =>
  view.measures.find((one) => one.format === 'number' && !one.unknown) ?? view.measures[0]

/** The grains that a view can be cut by, of those wanted. */
export const grainsOf = (view: View | undefined, wanted: Grain[]): Grain[] =>
  wanted.filter((grain) => view?.time?.grains.includes(grain))
