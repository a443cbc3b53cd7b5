import { geoEqualEarth } from 'd3-geo'
import { MapChart } from 'echarts/charts'
import { registerMap, use } from 'echarts/core'
import type { FeatureCollection, Geometry } from 'geojson'
import { feature } from 'topojson-client'
import type { GeometryCollection, Topology } from 'topojson-specification'
import atlas from 'world-atlas/countries-110m.json'
import { laidOut } from './project'

use([MapChart])

/** Natural Earth's countries, each named by its ISO number, which the model's codes are too. */
type Countries = GeometryCollection<{ name: string }>
const topology = atlas as unknown as Topology<{ countries: Countries }>
const countries = feature(topology, topology.objects.countries) as FeatureCollection<
  Geometry,
  { name: string }
>

/** Antarctica: much room, and nothing to count. */
const kLeftOut = '010'
export const kWorld = 'world'
export const codes = new Map<string, string>()

/** Equal-area (Equal Earth); its stream cuts shapes at the antimeridian. */
const projection = geoEqualEarth()

const all: FeatureCollection<Geometry, { name: string }> = {
  type: 'FeatureCollection',
  features: [],
}
countries.features.forEach((one, index) => {
  const id = one.id === undefined ? `none-${index}` : String(one.id).padStart(3, '0')
  if (id === kLeftOut) return
  codes.set(id, one.properties.name)
  all.features.push(laidOut({ ...one, properties: { name: id } }, projection))
})
registerMap(kWorld, all as never)

const points = all.features.flatMap(({ geometry }) =>
  geometry.type === 'MultiPolygon' ? geometry.coordinates.flat(2) : [],
)
const spanOf = (at: 0 | 1) => {
  const values = points.map((one) => one[at]!)
  return Math.max(...values) - Math.min(...values)
}
/** How much wider than high the drawn world is. */
export const ratio = spanOf(0) / spanOf(1)
