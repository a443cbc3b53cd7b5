import type { LineageEdge } from '../api/types'

export interface LineageTree {
  name: string
  /** How its values come from what is under it: as values, by a filter, by a join. */
  how: string
  children: LineageTree[]
}

const nameOf = (table: string | null, column: string | null) =>
  column ? `${table}.${column}` : (table ?? '')
const kDeepest = 24

/** A list of edges names each thing once; the tree repeats what is reached on several ways. */
export function treeOf(edges: LineageEdge[]): LineageTree[] {
  const under = new Map<string, LineageEdge[]>()
  for (const edge of edges) {
    const key = nameOf(edge.table, edge.column)
    under.set(key, [...(under.get(key) ?? []), edge])
  }
  const build = (edge: LineageEdge, path: Set<string>): LineageTree => {
    if (edge.object)
      return {
        name: edge.field ? `${edge.object} · ${edge.field}` : edge.object,
        how: edge.drop ? `drop of ${edge.drop}` : '',
        children: [],
      }
    const key = nameOf(edge.from_table, edge.from_column)
    const next = path.has(key) || path.size > kDeepest ? [] : (under.get(key) ?? [])
    const inside = new Set(path).add(key)
    return {
      name: key,
      how: edge.kind === 'value' ? '' : edge.kind,
      children: sorted(next).map((one) => build(one, inside)),
    }
  }
  const roots = [
    ...new Set(edges.filter((one) => one.depth === 0).map((one) => nameOf(one.table, one.column))),
  ]
  return roots.map((root) => ({
    name: root,
    how: '',
    children: sorted(under.get(root) ?? []).map((one) => build(one, new Set([root]))),
  }))
}

/** Values first; what only filters or joins after them. */
const sorted = (edges: LineageEdge[]): LineageEdge[] =>
  [...edges].sort(
    (a, b) => Number(a.kind !== 'value' && !a.object) - Number(b.kind !== 'value' && !b.object),
  )
