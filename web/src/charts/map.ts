import type { Member } from '../api/types'
import { exact, member, percent, short, styleOf } from '../model/format'
import type { Drawing, Mark, Scene, Tip } from './drawing'
import { mixed } from './ink'
import { changeText } from './hover'
import { fade } from './emphasis'
import { label } from './axes'
import { stackable } from './stack'
import { fitted, widthOf } from './text'
import { codes, kWorld, ratio } from './world'

const padded = (code: Member) => (code === null ? '' : String(code).padStart(3, '0'))

/**
 * A world map: each country as dark as its measure is high, on a square-root scale. The first dimension names the
 * countries, the last has their ISO numbers.
 */
export function map(scene: Scene): Drawing {
  const { theme, answer, width, height, measure } = scene
  const style = styleOf(measure)
  const dimensions = answer.columns
    .map((one, at) => (one.kind === 'dimension' ? at : -1))
    .filter((at) => at >= 0)
  const nameAt = dimensions[0]!
  const codeAt = dimensions.at(-1)!
  const valueAt = answer.columns.findIndex((one) => one.kind === 'measure')
  const beforeAt = answer.columns.findIndex((one) => one.kind === 'before')
  const total = stackable(scene) ? answer.totals?.[valueAt] : null

  const known = answer.rows.filter(
    (row) => row[valueAt] !== null && codes.has(padded(row[codeAt]!)),
  )
  const elsewhere = answer.rows.filter(
    (row) => row[valueAt] !== null && !codes.has(padded(row[codeAt]!)),
  )
  const values = known.map((row) => Number(row[valueAt]))
  const high = Math.max(...values, 0)
  const low = Math.min(...values, high)
  // Rates and ratings start where the values do; counts start at zero.
  const base = stackable(scene) ? 0 : low
  const root = stackable(scene) ? Math.sqrt : (one: number) => one
  const share = (value: number) =>
    high > base ? root(Math.max(value - base, 0) / (high - base)) : 1

  const marks: Mark[] = []
  const tips = new Map<string, Tip>()
  const data = [...known]
    .sort((a, b) => Number(b[valueAt]) - Number(a[valueAt]))
    .map((row, index) => {
      const value = Number(row[valueAt])
      const name = member(row[nameAt]!)
      const tip: Tip = { title: name, rows: [{ name: measure.label, value: exact(value, style) }] }
      if (typeof total === 'number' && total > 0) tip.rows[0]!.share = percent(value / total)
      if (beforeAt >= 0)
        tip.rows[0]!.change = changeText(value, row[beforeAt] as number | null) ?? ''
      const code = padded(row[codeAt]!)
      tips.set(code, tip)
      const mark: Mark = {
        series: 0,
        data: index,
        member: row[nameAt]!,
        axisMember: row[nameAt]!,
        label: () =>
          `${name}: ${tip.rows[0]!.value}${tip.rows[0]!.share ? `, ${tip.rows[0]!.share} of all` : ''}`,
      }
      marks.push(mark)
      const colour = mixed(theme.low, theme.high, 0.12 + 0.88 * share(value))
      return {
        name: code,
        value,
        itemStyle: {
          areaColor: colour,
          opacity: 1,
          borderColor: theme.card,
          borderWidth: 0.6,
          ...(fade(scene, mark) < 1 ? { areaColor: mixed(theme.land, colour, 0.35) } : {}),
        },
      }
    })

  const keyLeft = widthOf(short(stackable(scene) ? 0 : low, style)) + 8
  const room = height - 26
  const mapWidth = Math.min(width, room * ratio)
  return {
    option: {
      series: [
        {
          id: 's0',
          type: 'map',
          map: kWorld,
          nameProperty: 'name',
          // The shapes are laid out in the plane already.
          aspectScale: 1,
          left: (width - mapWidth) / 2,
          width: mapWidth,
          top: (room - mapWidth / ratio) / 2,
          height: mapWidth / ratio,
          selectedMode: false,
          cursor: 'pointer',
          itemStyle: { areaColor: theme.land, borderColor: theme.card, borderWidth: 0.6 },
          emphasis: { disabled: true },
          label: { show: false },
          data,
        },
      ],
      graphic: values.length
        ? [
            {
              id: 'k0',
              type: 'text',
              silent: true,
              left: 0,
              top: height - 15,
              style: {
                text: short(stackable(scene) ? 0 : low, style),
                fill: theme.soft,
                font: `450 11.5px ${label(theme).fontFamily}`,
              },
            },
            ...[0, 1, 2, 3, 4, 5, 6, 7].map((at) => ({
              id: `k${at + 1}`,
              type: 'rect',
              silent: true,
              shape: { x: keyLeft + at * 12, y: height - 14, width: 12, height: 8 },
              style: { fill: mixed(theme.low, theme.high, 0.12 + 0.88 * root(at / 7)) },
            })),
            {
              id: 'k9',
              type: 'text',
              silent: true,
              left: keyLeft + 104,
              top: height - 15,
              style: {
                text: short(high, style),
                fill: theme.soft,
                font: `450 11.5px ${label(theme).fontFamily}`,
              },
            },
            ...(elsewhere.length
              ? [
                  {
                    id: 'k10',
                    type: 'text',
                    silent: true,
                    right: 2,
                    top: height - 15,
                    style: {
                      text: fitted(elsewhereText(), width - keyLeft - 160),
                      fill: theme.soft,
                      font: `450 11.5px ${label(theme).fontFamily}`,
                    },
                  },
                ]
              : []),
          ]
        : [],
    },
    marks,
    tip: (_, index) => tips.get(String(data[index]?.name)) ?? null,
  }

  function elsewhereText(): string {
    const named = elsewhere
      .slice(0, 2)
      .map((row) => `${member(row[nameAt]!)} ${short(Number(row[valueAt]), style)}`)
    const more = elsewhere.length - named.length
    return `not on the map: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
  }
}
