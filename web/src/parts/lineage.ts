import type { Edge } from '../api/pipeline'

export interface LineageTree {
  name: string
  /** How its values come from what is under it: as values, by a filter, by a join. */
  how: string
  children: LineageTree[]
}

const nameOf = (table: string | null, column: string | null) =>
  column ? `${table}.${column}` : (table ?? '')
const kDeepest = 24

/** Makes trees of whatever the server sent: edges in a list, or nodes within nodes. */
export function treeOf(given: unknown): LineageTree[] {
  if (!Array.isArray(given)) return given && typeof given === 'object' ? treeOf([given]) : []
  if (given.length === 0) return []
  if (given.every(isEdge)) return fromEdges(given)
  return given.flatMap((one) => {
    if (Array.isArray(one)) return treeOf(one)
    if (typeof one === 'string') return [{ name: one, how: '', children: [] }]
    return [fromNode(one as Record<string, unknown>, 0)]
  })
}

const isEdge = (one: unknown): one is Edge =>
  typeof one === 'object' &&
  one !== null &&
  'depth' in one &&
  'table' in one &&
  ('from_table' in one || 'object' in one)

/** A list of edges names each thing once; the tree repeats what is reached on several ways. */
function fromEdges(edges: Edge[]): LineageTree[] {
  const under = new Map<string, Edge[]>()
  for (const edge of edges) {
    const key = nameOf(edge.table, edge.column)
    under.set(key, [...(under.get(key) ?? []), edge])
  }
  const build = (edge: Edge, path: Set<string>): LineageTree => {
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
const sorted = (edges: Edge[]): Edge[] =>
  [...edges].sort(
    (a, b) => Number(a.kind !== 'value' && !a.object) - Number(b.kind !== 'value' && !b.object),
  )

function fromNode(node: Record<string, unknown>, depth: number): LineageTree {
  const text = (...names: string[]) => {
    for (const name of names) if (typeof node[name] === 'string' && node[name]) return node[name]
    return ''
  }
  const [table, column] = [text('table'), text('column')]
  const object = text('object')
  const name = object
    ? [object, text('field')].filter(Boolean).join(' · ')
    : table
      ? nameOf(table, column || null)
      : text('name')
  const below = ['inputs', 'from', 'children', 'columns', 'objects', 'edges']
    .map((key) => node[key])
    .filter((one): one is unknown[] => Array.isArray(one))
    .flat()
  const children =
    depth > kDeepest
      ? []
      : below.every(isEdge) && below.length
        ? fromEdges(below as Edge[])
        : below.map((one) =>
            typeof one === 'string'
              ? { name: one, how: '', children: [] }
              : fromNode(one as Record<string, unknown>, depth + 1),
          )
  return {
    name: name || 'unnamed',
    how: text('kind', 'how', 'drop').replace(/^value$/, ''),
    children,
  }
}
