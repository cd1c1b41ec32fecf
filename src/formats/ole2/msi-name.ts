// Names of streams in installer databases: two characters of a 64-letter alphabet are packed into one of UTF-16, so that
// long names fit 31 units. Tables carry U+4840 in front. Source: observed in all .msi files; no specification is public.

const LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._'
const PAIR_FIRST = 0x3800
const SINGLE_FIRST = 0x4800
const TABLE_MARK = 0x4840

/** True where `name` holds a packed character, as only installer databases have. */
export function isMsiName(name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    const unit = name.charCodeAt(i)
    if (unit < PAIR_FIRST || unit > TABLE_MARK) return false
  }
  return name.length > 0
}

/** The name with its packed characters unpacked; a table's begins with `!`. */
export function unpackMsiName(name: string): string {
  let text = ''
  for (let i = 0; i < name.length; i++) {
    const unit = name.charCodeAt(i)
    if (unit === TABLE_MARK && i === 0) text += '!'
    else if (unit >= SINGLE_FIRST && unit < TABLE_MARK) text += LETTERS[unit - SINGLE_FIRST]
    else if (unit >= PAIR_FIRST && unit < SINGLE_FIRST)
      text += LETTERS[(unit - PAIR_FIRST) & 63] + LETTERS[(unit - PAIR_FIRST) >> 6]
    else text += name[i]
  }
  return text
}
