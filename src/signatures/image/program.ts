// The pattern program: what the compiler writes and the matcher runs. A byte string:
//
//   offset   kind u8 (0 = anywhere); else section u16, value i32, maxShift u32
//   part     minBytes u16, flags u8, then operations
//   ... END, or GAP min u32 max u32 (OPEN_END: no limit) and the next part
//
// All numbers little-endian. Lengths are in bytes. Positions are relative to the start of the part.

export const OP = {
  END: 0,
  /** length u16, bytes */
  LITERAL: 1,
  /** length u16, values, masks */
  MASKED: 2,
  /** length u16 */
  SKIP: 3,
  /** negated u8, count u8, bytes: one byte out of (or not out of) a set */
  SET: 4,
  /** negated u8, count u16, branchBytes u16, then count times branchBytes of values and of masks */
  FIXED_CHOICE: 5,
  /** count u16, then each branch as u16 length of operations and the operations, closed by END */
  CHOICE: 6,
  /** kind u8 (see BOUNDARY), negated u8, place u8 (0 inside, 1 left, 2 right), wide u8 */
  BOUNDARY: 7,
  /** min u32, max u32 */
  GAP: 8,
} as const

export const OPEN_END = 0xffffffff
/** Flag of a part: it may match with different lengths. */
export const PART_VARIABLE = 1
export const PART_HEADER_BYTES = 3

export const BOUNDARY_KINDS = ['word', 'line', 'nonword'] as const
export const BOUNDARY_PLACES = ['inside', 'left', 'right'] as const
export const OFFSET_KINDS = [
  'any',
  'absolute',
  'end',
  'entry-point',
  'section',
  'in-section',
  'last-section',
  'version-info',
] as const
export const OFFSET_BYTES = 11

/** Expression program: prefix notation. AND and OR carry the length of their left operand. */
export const LOGIC = {
  /** id u8, comparison u8, count u32 */
  LEAF: 0,
  /** leftBytes u16, left, right */
  AND: 1,
  OR: 2,
  /** comparison u8, count u32, distinct u8, inner */
  BLOCK: 3,
} as const
export const COMPARISONS = ['', '=', '>', '<'] as const

/** Condition program: key u8 and its arguments, closed by END. */
export const CONDITION = {
  END: 0,
  /** min u32, max u32 */
  FILE_SIZE: 1,
  ENTRY_POINT: 2,
  SECTIONS: 3,
  /** index u16 into the image's type names */
  CONTAINER: 4,
  /** count u8, then indices u16, outermost first */
  INTERMEDIATES: 5,
} as const
