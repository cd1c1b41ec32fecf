// Names from inside files, for people: nothing in them can move the cursor, break a line or turn the reading order,
// and everything in them can be carried by XML.

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}]/gu
const SHORT: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r' }

/**
 * Writes control and format characters (among them the bidirectional overrides), line and paragraph separators,
 * unpaired surrogates and noncharacters as `\n`, `\x1b`, `\u202e` or `\u{e0001}`. Other characters stay, also backslashes: the result
 * is for reading, not for decoding.
 */
export const visible = (text: string): string => text.replace(INVISIBLE, escape)

function escape(char: string): string {
  const code = char.codePointAt(0) ?? 0
  const hex = code.toString(16)
  if (code > 0xffff) return `\\u{${hex}}`
  return SHORT[char] ?? (code > 0xff ? `\\u${hex.padStart(4, '0')}` : `\\x${hex.padStart(2, '0')}`)
}
