import { geoStream, type GeoProjection } from 'd3-geo'
import type { Feature, GeoJsonProperties, Geometry, Position } from 'geojson'

/** Twice the signed area of a ring in the plane. */
const area = (ring: Position[]): number =>
  ring.reduce((sum, [x, y], at) => {
    const [nx, ny] = ring[(at + 1) % ring.length]!
    return sum + x! * ny! - nx! * y!
  }, 0)

/**
 * Lays a country out in the plane once, cut at the antimeridian, so that no redraw has to. North is up.
 * A ring that runs against the first of its polygon is a hole in it.
 */
export function laidOut<P extends GeoJsonProperties>(
  country: Feature<Geometry, P>,
  projection: GeoProjection,
): Feature<Geometry, P> {
  const polygons: Position[][][] = []
  let rings: Position[][] = []
  let ring: Position[] = []
  geoStream(
    country,
    projection.stream({
      polygonStart: () => {
        rings = []
      },
      lineStart: () => {
        ring = []
      },
      point: (x, y) => {
        ring.push([Math.round(x * 100) / 100, Math.round(-y * 100) / 100])
      },
      lineEnd: () => {
        if (ring.length > 2) rings.push([...ring, ring[0]!])
      },
      polygonEnd: () => {
        if (rings.length === 0) return
        const largest = rings.reduce((a, b) => (Math.abs(area(b)) > Math.abs(area(a)) ? b : a))
        const outer = rings.filter((one) => area(one) > 0 === area(largest) > 0)
        const holes = rings.filter((one) => !outer.includes(one))
        for (const one of outer) polygons.push(one === largest ? [one, ...holes] : [one])
      },
    }),
  )
  return { ...country, geometry: { type: 'MultiPolygon', coordinates: polygons } }
}
