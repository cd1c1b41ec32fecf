import { decodeBody, decodeCharset } from '../../formats/index.ts'
import type { Leaf } from '../../formats/index.ts'

// Passwords that a mail tells its reader: tried on the archives that come with it.

/** Words that announce one, lower case. */
const WORDS = [
  'password',
  'passwort',
  'kennwort',
  'passcode',
  'passphrase',
  'passwd',
  'pwd',
  'pw:',
  'pw ',
  'pin:',
  'mot de passe',
  'contraseña',
  'contrasena',
  'senha',
  'hasło',
  'heslo',
  'parola',
  'şifre',
  'wachtwoord',
  'lösenord',
  'adgangskode',
  'salasana',
  'пароль',
  'пароля',
  '密码',
  '密碼',
  'パスワード',
  '비밀번호',
]
/** Candidates of one message; each costs a key derivation per encrypted member later. */
export const MAX_PASSWORDS = 64
/** Characters behind the word in which the password must begin. */
const WINDOW_CHARS = 120
const MAX_PASSWORD_CHARS = 100
/** Words behind the announcement that are tried. */
const MAX_TOKENS = 6
/** Text looked through, per part and in all. */
const MAX_PART_BYTES = 64 << 10
const MAX_TEXT_BYTES = 1 << 20

/** Candidates in these texts, the most likely first, at most MAX_PASSWORDS. */
export function passwordsIn(texts: Iterable<string>): string[] {
  const found = new Set<string>()
  for (const text of texts)
    for (const at of announcements(text)) {
      for (const candidate of candidatesIn(text.slice(at, at + WINDOW_CHARS))) found.add(candidate)
      if (found.size >= MAX_PASSWORDS) return [...found].slice(0, MAX_PASSWORDS)
    }
  return [...found]
}

/** Offsets behind the words that announce a password, in order. */
function announcements(text: string): number[] {
  const lower = text.toLowerCase()
  const offsets: number[] = []
  for (const word of WORDS) {
    let count = 0
    for (let at = lower.indexOf(word); at >= 0 && count < MAX_PASSWORDS; at = lower.indexOf(word, at + word.length)) {
      offsets.push(at + word.length)
      count++
    }
  }
  return offsets.sort((a, b) => a - b)
}

const QUOTED = /["'“”„«»‘’`「『<[(]([^"'“”„«»‘’`」』>\])\r\n]{1,100})["'“”„«»‘’`」』>\])]/g
/** Between the word and the password: `is`, colons, dashes. */
const LINKS: ReadonlySet<string> = new Set([
  'is',
  'ist',
  'lautet',
  'est',
  'es',
  'é',
  'jest',
  'is:',
  'ist:',
  'lautet:',
  'est:',
  'es:',
  'for',
  'the',
  'это',
])

function candidatesIn(window: string): string[] {
  const found: string[] = []
  const tokens = window.split(/[\s：]+/).map(token => token.replace(/^[:=\-–—>是为為は]+/, ''))
  // What touches the end of the window may be cut off there.
  if (window.length === WINDOW_CHARS) tokens.pop()
  for (const token of tokens.filter(word => word !== '' && !LINKS.has(word.toLowerCase())).slice(0, MAX_TOKENS)) {
    const bare = token.replace(/^["'“”„«»‘’`「『<[(]+|["'“”„«»‘’`」』>\])]+$/g, '')
    found.push(bare, bare.replace(/[.,;!?。]+$/, ''), token)
  }
  for (const [, quoted] of window.matchAll(QUOTED)) found.unshift(quoted)
  return found.filter(candidate => candidate !== '' && candidate.length <= MAX_PASSWORD_CHARS)
}

/** Starts of all parts that are text, as text; markup is left out. */
export function* textsOf(bytes: Uint8Array, leaves: readonly Leaf[]): Generator<string> {
  let total = 0
  for (const { entity, start, end } of leaves) {
    const [type = 'text/plain'] = entity.types
    if (!type.startsWith('text/') || total >= MAX_TEXT_BYTES) continue
    const text = firstPiece(decodeBody(bytes, start, end, entity.encodings[0])).subarray(0, MAX_PART_BYTES)
    total += text.length
    const decoded = decodeCharset(text, entity.charset)
    yield type === 'text/html' ? withoutTags(decoded) : decoded
  }
}

function firstPiece(pieces: Iterable<Uint8Array>): Uint8Array {
  for (const piece of pieces) return piece
  return new Uint8Array(0)
}

const REFERENCES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', '#39': "'", nbsp: ' ' }

function withoutTags(html: string): string {
  const pieces: string[] = []
  for (let at = 0; at >= 0;) {
    const open = html.indexOf('<', at)
    pieces.push(open < 0 ? html.slice(at) : html.slice(at, open))
    if (open < 0) break
    const close = html.indexOf('>', open)
    at = close < 0 ? -1 : close + 1
    // Words in bold are one word; new blocks are not.
    if (!/^<\/?(?:b|i|u|em|strong|span|font|code)\b/i.test(html.slice(open, open + 10))) pieces.push(' ')
  }
  return pieces.join('').replace(/&(lt|gt|amp|quot|#39|nbsp);/g, (_, name: string) => REFERENCES[name])
}
