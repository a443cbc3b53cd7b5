import { geoEqualEarth } from 'd3-geo'
import type { Feature, Polygon } from 'geojson'
import { expect, test } from 'vitest'
import { laidOut } from './project'

const square = (west: number, east: number): Feature<Polygon, object> => ({
  type: 'Feature',
  properties: {},
  geometry: {
    type: 'Polygon',
    coordinates: [
      [
        [west, 0],
        [west, 10],
        [east, 10],
        [east, 0],
        [west, 0],
      ],
    ],
  },
})

test('a country over the antimeridian is cut in two, at the two ends of the map', () => {
  const { geometry } = laidOut(square(170, -170), geoEqualEarth())
  if (geometry.type !== 'MultiPolygon') throw new Error(geometry.type)
  expect(geometry.coordinates).toHaveLength(2)
  for (const [ring] of geometry.coordinates) {
    const across = ring!.map(([x]) => x!)
    expect(Math.max(...across) - Math.min(...across)).toBeLessThan(60)
  }
})
test('north is up', () => {
  const { geometry } = laidOut(square(0, 10), geoEqualEarth().translate([0, 0]))
  if (geometry.type !== 'MultiPolygon') throw new Error(geometry.type)
  const heights = geometry.coordinates.flat(2).map(([, y]) => y!)
  expect(Math.min(...heights)).toBeCloseTo(0, 1)
  expect(Math.max(...heights)).toBeGreaterThan(10)
})
