// ClamAV's word and line boundaries. Which bytes count was observed on clamscan 1.4.6, byte by byte.

const LEFT = 1
const RIGHT = 2
const INSIDE = 4

/** Classes of (B): some bytes bound a word only on one side. */
const WORD = new Uint8Array(256)
for (const [text, sides] of [
  ['-/_ ', LEFT | RIGHT | INSIDE],
  ['.<@', LEFT | INSIDE],
  ['\n\r"\'=>', RIGHT | INSIDE],
] as const)
  for (const character of text) WORD[character.charCodeAt(0)] = sides
// Observed: the space bounds on both sides, the slash too.

const ALPHANUMERIC = new Uint8Array(256)
for (const [from, to] of [
  [0x30, 0x39],
  [0x41, 0x5a],
  [0x61, 0x7a],
] as const)
  for (let byte = from; byte <= to; byte++) ALPHANUMERIC[byte] = 1

const LINE_FEED = 10
const RETURN = 13

const KIND_WORD = 0
const KIND_LINE = 1

/** True where `byte` bounds a word inside a pattern, where it is consumed. */
export function boundsInside(kind: number, byte: number): boolean {
  return kind === KIND_WORD ? WORD[byte] !== 0 : kind === KIND_LINE ? byte === LINE_FEED : ALPHANUMERIC[byte] === 0
}

/** Looks at what stands before `position`; the start of the content is a boundary. */
export function boundsLeft(
  content: Uint8Array,
  position: number,
  kind: number,
  negated: boolean,
  wide: boolean,
): boolean {
  if (position === 0) return !negated
  const byte = content[position - 1]
  if (wide && kind !== KIND_LINE) {
    if (byte !== 0 || position < 2) return !negated
    return oneSided(kind, content[position - 2], LEFT, negated)
  }
  return oneSided(kind, byte, LEFT, negated)
}

/** Looks at what stands at `position`, behind the pattern; the end of the content is a boundary. */
export function boundsRight(
  content: Uint8Array,
  position: number,
  kind: number,
  negated: boolean,
  wide: boolean,
): boolean {
  if (position >= content.length) return !negated
  const byte = content[position]
  if (kind === KIND_LINE) {
    const line = byte === LINE_FEED || (byte === RETURN && content[position + 1] === LINE_FEED)
    return line !== negated
  }
  if (wide && (position + 1 >= content.length || content[position + 1] !== 0)) return !negated
  return oneSided(kind, byte, RIGHT, negated)
}

function oneSided(kind: number, byte: number, side: number, negated: boolean): boolean {
  if (kind === KIND_LINE) return (byte === LINE_FEED) !== negated
  if (kind !== KIND_WORD) return (ALPHANUMERIC[byte] === 0) !== negated
  // A negated left boundary excludes the bytes of either side, a negated right one only its own: observed.
  if (negated) return side === LEFT ? WORD[byte] === 0 : (WORD[byte] & RIGHT) === 0
  return (WORD[byte] & side) !== 0
}
