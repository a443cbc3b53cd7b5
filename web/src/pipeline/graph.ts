import type { ModelNode } from '../api/types'

/** A model, or a table that no model makes. */
export type GraphNode = Pick<ModelNode, 'name' | 'layer' | 'inputs' | 'rows' | 'seconds'> &
  Partial<Pick<ModelNode, 'materialisation' | 'description'>>

export interface Layer {
  name: string
  nodes: GraphNode[]
}

/** Adds what models read and no model makes: raw tables and seeds, by the prefix of their names. */
export function withSources(models: ModelNode[]): GraphNode[] {
  const known = new Set(models.map((one) => one.name))
  const sources = new Set(models.flatMap((one) => one.inputs).filter((one) => !known.has(one)))
  const nodes = [...sources].map((name) => ({
    name,
    layer: name.includes('.') ? name.slice(0, name.indexOf('.')) : 'raw',
    inputs: [],
    rows: null,
    seconds: null,
  }))
  return [...nodes, ...models]
}

/** Groups models by layer, in the order in which data flows, each layer by name. */
export function layered(nodes: GraphNode[]): Layer[] {
  const groups = new Map<string, GraphNode[]>()
  for (const node of nodes) groups.set(layerOf(node), [...(groups.get(layerOf(node)) ?? []), node])
  const ranks = ranksOf(nodes)
  return [...groups]
    .sort(([a], [b]) => ranks.get(a)! - ranks.get(b)! || a.localeCompare(b))
    .map(([name, list]) => ({ name, nodes: list.sort((a, b) => a.name.localeCompare(b.name)) }))
}

const layerOf = (node: GraphNode) => node.layer || 'models'

/**
 * How far each layer lies from the beginning: behind all layers that it reads. Where two read each other, the one
 * that is read more often is before.
 */
function ranksOf(nodes: GraphNode[]): Map<string, number> {
  const layers = new Map(nodes.map((one) => [one.name, layerOf(one)]))
  const reads = new Map<string, Map<string, number>>()
  for (const node of nodes)
    for (const input of node.inputs) {
      const [to, from] = [layerOf(node), layers.get(input)!]
      const counts = reads.get(to) ?? new Map<string, number>()
      reads.set(to, counts.set(from, (counts.get(from) ?? 0) + 1))
    }
  const times = (to: string, from: string) => reads.get(to)?.get(from) ?? 0
  const ranks = new Map<string, number>()
  const rankOf = (name: string, seen: string[]): number => {
    const found = ranks.get(name)
    if (found !== undefined) return found
    const before = [...(reads.get(name)?.keys() ?? [])].filter(
      (one) => one !== name && !seen.includes(one) && times(name, one) > times(one, name),
    )
    const rank = Math.max(-1, ...before.map((one) => rankOf(one, [...seen, name]))) + 1
    ranks.set(name, rank)
    return rank
  }
  for (const name of layers.values()) rankOf(name, [])
  return ranks
}

/** A model, everything it is made of, and everything made of it. */
export function related(nodes: GraphNode[], name: string): Set<string> {
  const inputs = new Map(nodes.map((one) => [one.name, one.inputs]))
  const outputs = new Map<string, string[]>()
  for (const node of nodes)
    for (const input of node.inputs) outputs.set(input, [...(outputs.get(input) ?? []), node.name])
  const walk = (next: Map<string, string[]>) => {
    const found = new Set<string>([name])
    const open = [name]
    for (let at = open.pop(); at !== undefined; at = open.pop())
      for (const other of next.get(at) ?? [])
        if (!found.has(other)) {
          found.add(other)
          open.push(other)
        }
    return found
  }
  return new Set([...walk(inputs), ...walk(outputs)])
}
