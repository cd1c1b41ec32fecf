import { ContentError, u32le, u64le, u8 } from '../../bytes/index.ts'

// The script of EA06 is a row of tokens: a number of lines, then for each line its tokens and an end.

/** Keywords by number. */
const KEYWORDS =
  'Dummy And Or Not If Then Else ElseIf EndIf While WEnd Do Until For Next To Step In ExitLoop ContinueLoop Select Case EndSelect Switch EndSwitch ContinueCase Dim ReDim Local Global Const Static Func EndFunc Return Exit ByRef With EndWith True False Default Null Volatile Enum'.split(
    ' ',
  )

const FIRST_OPERATOR = 0x40
const OPERATORS = ', = > < <> >= <= ( ) + - / * & [ ] == ^ += -= /= *= &= ? :'.split(' ')
const END_OF_LINE = 0x7f

/** What stands before a name of each kind: keyword, function, macro, variable, own function, property, text, other. */
const FIRST_NAME = 0x30
const NAME_PREFIXES: readonly string[] = ['', '', '@', '$', '', '.', '"', '']
const TEXT = 0x36

/** Characters that are made into a text at once. */
const RUN_CHARACTERS = 8192

/**
 * The text of a script, a line at a time, with a space between tokens. Built-in functions that are stored by number are
 * written as `Function_17`: their numbers differ from version to version.
 * @throws ContentError malformed or unsupported, ParseError; the lines before stay good
 */
export function* autoItLines(tokens: Uint8Array): Generator<string> {
  let lines = u32le(tokens, 0)
  let at = 4
  let line: string[] = []
  for (; lines > 0;) {
    const kind = u8(tokens, at++)
    if (kind === END_OF_LINE) {
      yield `${line.join(' ')}\r\n`
      line = []
      lines--
      continue
    }
    const token = readToken(tokens, at, kind)
    line.push(token.text)
    at = token.end
  }
}

interface Token {
  readonly text: string
  readonly end: number
}

function readToken(tokens: Uint8Array, at: number, kind: number): Token {
  if (kind >= FIRST_OPERATOR && kind < FIRST_OPERATOR + OPERATORS.length)
    return { text: OPERATORS[kind - FIRST_OPERATOR], end: at }
  if (kind >= FIRST_NAME && kind < FIRST_NAME + NAME_PREFIXES.length) return readName(tokens, at, kind)
  const read = NUMBERS[kind]
  if (read === undefined) throw new ContentError('unsupported', `Token ${kind} of AutoIt`, at - 1)
  return read(tokens, at)
}

/** A length, then UTF-16 against the length. */
function readName(tokens: Uint8Array, at: number, kind: number): Token {
  const length = u32le(tokens, at)
  const end = at + 4 + length * 2
  if (end > tokens.length) throw new ContentError('malformed', 'A text in a script of AutoIt ends too early', at)
  const units = new Uint16Array(Math.min(length, RUN_CHARACTERS))
  let text = ''
  for (let from = at + 4; from < end;) {
    const count = Math.min(units.length, (end - from) / 2)
    for (let i = 0; i < count; i++, from += 2) units[i] = (tokens[from] | (tokens[from + 1] << 8)) ^ length
    text += String.fromCharCode(...units.subarray(0, count))
  }
  if (kind === TEXT) return { text: `"${text.replaceAll('"', '""')}"`, end }
  return { text: NAME_PREFIXES[kind - FIRST_NAME] + text, end }
}

/** Tokens that are a number. */
const NUMBERS: Readonly<Record<number, (tokens: Uint8Array, at: number) => Token>> = {
  0x00: (tokens, at) => ({ text: KEYWORDS[u32le(tokens, at)] ?? `Keyword_${u32le(tokens, at)}`, end: at + 4 }),
  0x01: (tokens, at) => ({ text: `Function_${u32le(tokens, at)}`, end: at + 4 }),
  0x05: (tokens, at) => ({ text: String(u32le(tokens, at) | 0), end: at + 4 }),
  0x10: (tokens, at) => ({ text: String(u64le(tokens, at)), end: at + 8 }),
  0x20: (tokens, at) => {
    u64le(tokens, at)
    const view = new DataView(tokens.buffer, tokens.byteOffset + at, 8)
    return { text: String(view.getFloat64(0, true)), end: at + 8 }
  },
}
