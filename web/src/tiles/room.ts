import type { Tile } from '../api/types'

/** Room that a part keeps free while its rows are on their way, in pixels, so that nothing jumps. */
export const roomOf = (tile: Tile): number => (tile.chart === 'text' ? 0 : (tile.height ?? 480))
