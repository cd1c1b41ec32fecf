import type { ExecutableLayout, FileType } from '../formats/index.ts'

// Files that are no containers by type, and yet hold what raw matching does not see: programs with an archive behind
// their last section, packed programs, HTML with data: URLs. Known marks only, no guessing: what is found makes the
// verdict `unscannable`, never `infected`.

/** Bytes behind a program's last section in which an archive must begin to be noticed. */
const MAX_OVERLAY_BYTES = 16_384
/** Bytes of HTML in which data: URLs are looked for; larger pages are not called clean. */
const MAX_HTML_BYTES = 64 << 20
/** Characters that may stand between `data:` and `;base64,`. */
const MAX_MEDIA_TYPE_CHARS = 300

/** What archives and installers begin with, as one character per byte. */
const ARCHIVE_MARKS: readonly { readonly mark: string; readonly what: string }[] = [
  { mark: '\xef\xbe\xad\xdeNullsoftInst', what: 'an NSIS installer' },
  { mark: 'AU3!EA05', what: 'an AutoIt script' },
  { mark: 'AU3!EA06', what: 'an AutoIt script' },
  { mark: 'MSCF\0\0\0\0', what: 'a cabinet archive' },
  { mark: 'ISc(', what: 'an InstallShield archive' },
  { mark: 'data1.cab\0', what: 'an InstallShield archive' },
  { mark: '.msi\0', what: 'an MSI package' },
  { mark: 'PK\x03\x04', what: 'a ZIP archive' },
  { mark: 'Rar!\x1a\x07', what: 'a RAR archive' },
  { mark: '7z\xbc\xaf\x27\x1c', what: 'a 7z archive' },
]

/** Names that packers give their sections. */
const PACKER_SECTIONS: Readonly<Record<string, string>> = {
  UPX0: 'UPX',
  UPX1: 'UPX',
  '.aspack': 'ASPack',
  '.petite': 'Petite',
  '.WWP32': 'WWPack32',
  yC: "Yoda's Crypter",
  '.MPRESS1': 'MPRESS',
  '.nsp0': 'NsPack',
  MEW: 'MEW',
}

/** The DOS header ends here; Upack puts the entry point inside of it. */
const DOS_HEADER_BYTES = 64

function startsWith(content: Uint8Array, at: number, mark: string): boolean {
  for (let i = 0; i < mark.length; i++) if (content[at + i] !== mark.charCodeAt(i)) return false
  return true
}

/** Not zero for bytes with which a mark begins: a set would be asked sixteen thousand times for each program. */
const IS_FIRST_BYTE = new Uint8Array(256)
for (const { mark } of ARCHIVE_MARKS) IS_FIRST_BYTE[mark.charCodeAt(0)] = 1

/** What is appended to a program, if it is known. */
function appended(content: Uint8Array, layout: ExecutableLayout): string | undefined {
  const start = layout.sections.reduce((end, section) => Math.max(end, section.rawOffset + section.rawSize), 0)
  const end = Math.min(content.length, start + MAX_OVERLAY_BYTES)
  for (let at = start; at < end; at++) {
    if (IS_FIRST_BYTE[content[at]] === 0) continue
    const found = ARCHIVE_MARKS.find(({ mark }) => startsWith(content, at, mark))
    if (found !== undefined) return found.what
  }
  return undefined
}

/** The packer of a program, by the names of its sections or by where it starts. */
function packerOf(layout: ExecutableLayout): string | undefined {
  for (const section of layout.sections) {
    const name = section.name.split('\0')[0]
    if (Object.hasOwn(PACKER_SECTIONS, name)) return PACKER_SECTIONS[name]
  }
  // Libraries of nothing but resources have no entry point: it is 0.
  return layout.entryPoint > 0 && layout.entryPoint < DOS_HEADER_BYTES ? 'Upack or the like' : undefined
}

/** Bytes by which a search for a text may go on when its last byte falls on this one (Horspool 1980). */
function shiftsOf(text: string): Uint8Array {
  const shifts = new Uint8Array(256).fill(text.length)
  for (let i = 0; i < text.length - 1; i++)
    for (const letter of [text[i].toLowerCase(), text[i].toUpperCase()])
      shifts[letter.charCodeAt(0)] = text.length - 1 - i
  return shifts
}

const BASE64 = ';base64,'
const BASE64_SHIFTS = shiftsOf(BASE64)
const SCHEME = 'data:'

function isText(content: Uint8Array, at: number, lower: string): boolean {
  for (let i = 0; i < lower.length; i++) {
    const byte = content[at + i]
    if ((byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte) !== lower.charCodeAt(i)) return false
  }
  return true
}

function schemeStandsBefore(content: Uint8Array, end: number): boolean {
  for (let at = Math.max(0, end - MAX_MEDIA_TYPE_CHARS); at + SCHEME.length <= end; at++)
    if (isText(content, at, SCHEME)) return true
  return false
}

/**
 * Linear in the content: no expression that content could make slow. On bytes, as decoding a page for this cost as much
 * as matching it.
 */
function mayHoldDataUrl(content: Uint8Array): boolean {
  if (content.length > MAX_HTML_BYTES) return true
  for (let at = 0; at + BASE64.length <= content.length;) {
    if (isText(content, at, BASE64) && schemeStandsBefore(content, at)) return true
    at += BASE64_SHIFTS[content[at + BASE64.length - 1]]
  }
  return false
}

/**
 * Says in a sentence what of a file is not seen by matching its bytes; undefined where nothing is known to be hidden.
 * @param layout - header facts of a program, or undefined
 */
export function hiddenContent(
  type: FileType,
  content: Uint8Array,
  layout: ExecutableLayout | undefined,
): string | undefined {
  if (type.name === 'html')
    return mayHoldDataUrl(content)
      ? 'The content of data: URLs is not decoded yet; only the text was matched'
      : undefined
  if (layout === undefined || layout.format !== 'pe') return undefined
  const packer = packerOf(layout)
  if (packer !== undefined)
    return `The program is packed with ${packer} and is not unpacked yet; only its packed form was matched`
  const behind = appended(content, layout)
  return behind === undefined ? undefined : `Behind the program lies ${behind}, which is not taken apart yet`
}
