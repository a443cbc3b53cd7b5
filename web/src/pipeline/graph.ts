import type { ModelNode } from '../api/types'

const kOrder = ['raw', 'seed', 'staging', 'matching', 'intermediate', 'marts']

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
  for (const node of nodes) {
    const name = node.layer || 'models'
    groups.set(name, [...(groups.get(name) ?? []), node])
  }
  const rank = (name: string) => {
    const at = kOrder.indexOf(name.toLowerCase())
    return at < 0 ? kOrder.length : at
  }
  return [...groups]
    .sort(([a], [b]) => rank(a) - rank(b) || a.localeCompare(b))
    .map(([name, list]) => ({ name, nodes: list.sort((a, b) => a.name.localeCompare(b.name)) }))
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
