import { toHex } from '../carriers/bytes.ts'
import { inside, type Case } from './case.ts'

// The byte sets of (B), (L) and (W), byte by byte. ClamAV's word boundary differs by side: it is a list of bytes, not
// "not a letter", and in the middle of a pattern each of the three takes one byte.

const SIGNATURES = [
  'B-left:0:*:(B)6c656674',
  'B-right:0:*:7269676874(B)',
  'B-middle:0:*:6d6964(B)646c65',
  'L-left:0:*:(L)6c656674',
  'L-right:0:*:7269676874(L)',
  'L-middle:0:*:6d6964(L)646c65',
  'W-left:0:*:(W)6c656674',
  'W-right:0:*:7269676874(W)',
  'W-middle:0:*:6d6964(W)646c65',
  'not-B-left:0:*:!(B)6c656674',
  'not-B-right:0:*:7269676874!(B)',
  'not-B-middle:0:*:6d6964!(B)646c65',
  'not-L-middle:0:*:6d6964!(L)646c65',
  'not-W-left:0:*:!(W)6c656674',
] as const

const members = (text: string) => new Set(Array.from(text, character => character.charCodeAt(0)))
const B_LEFT = members(' -./<@_')
const B_RIGHT = members('\n\r "\'-/=>_')
const B_MIDDLE = new Set([...B_LEFT, ...B_RIGHT])

function expected(byte: number): string[] {
  const alphanumeric = /[0-9A-Za-z]/.test(String.fromCharCode(byte))
  const holds: Record<string, boolean> = {
    'B-left': B_LEFT.has(byte),
    'B-right': B_RIGHT.has(byte),
    'B-middle': B_MIDDLE.has(byte),
    'L-left': byte === 0x0a,
    'L-right': byte === 0x0a,
    'L-middle': byte === 0x0a,
    'W-left': !alphanumeric,
    'W-right': !alphanumeric,
    'W-middle': !alphanumeric,
    'not-B-left': !B_MIDDLE.has(byte),
    'not-B-right': !B_RIGHT.has(byte),
    'not-B-middle': !B_MIDDLE.has(byte),
    'not-L-middle': byte !== 0x0a,
    'not-W-left': alphanumeric,
  }
  return Object.keys(holds)
    .filter(name => holds[name])
    .sort()
}

/** One case per byte value; all share one database. */
export const BOUNDARY_CASES: readonly Case[] = Array.from({ length: 256 }, (_, byte) => {
  const between = Uint8Array.of(byte)
  return {
    name: `boundaries at byte ${toHex(between)}`,
    database: { 't.ndb': SIGNATURES },
    content: inside(
      between,
      'left',
      Uint8Array.of(1, 2, 3),
      'right',
      between,
      Uint8Array.of(1, 2),
      'mid',
      between,
      'dle',
    ),
    expected: expected(byte),
  }
})
