import type { Tile } from '../api/types'

/** Room that a tile keeps free while its rows are on their way, in pixels, so that nothing jumps. */
export const roomOf = (tile: Tile): number => tile.height ?? 480
