import { ContentError, latin1 } from '../../bytes/index.ts'
import { decodeBase64, decodeUtf16, decodeUuencode, decodeYenc, joinPieces } from '../../codecs/index.ts'
import { findBinHex, findBlocks, findRuns, openingColon, readBinHex } from '../../formats/index.ts'
import type { FileTypeName, TextBlock } from '../../formats/index.ts'
import type { Emission } from '../../scan/index.ts'

// What the three components of this folder share: files that stand in text become children.

/** UTF-16 text is transcoded as a whole before it is looked through. */
const MAX_UTF16_BYTES = 128 << 20

/** The text to look through: itself, or UTF-8 instead of UTF-16. @throws ContentError - `too-large` */
export function plainText(bytes: Uint8Array, type: FileTypeName): Uint8Array {
  if (type !== 'text-utf16le' && type !== 'text-utf16be') return bytes
  if (bytes.length > MAX_UTF16_BYTES)
    throw new ContentError('too-large', 'UTF-16 text that is too large to look for encoded files in it')
  return joinPieces(decodeUtf16(bytes, type === 'text-utf16le'), bytes.length * 2)
}

function contentOf(text: Uint8Array, { kind, start, end }: TextBlock): Iterable<Uint8Array> {
  if (kind === 'uuencode') return decodeUuencode(text, start, end)
  return kind === 'yenc' ? decodeYenc(text, start, end) : decodeBase64(text, start, end)
}

const truncated = (what: string, offset: number): Emission => ({
  emit: 'anomaly',
  code: 'truncated',
  detail: `${what} has no end`,
  offset,
})

/** Children of all blocks; parts of one yEnc file in a row become one. */
export function* emitBlocks(text: Uint8Array): Generator<Emission> {
  let parts: TextBlock[] = []
  for (const block of findBlocks(text)) {
    if (
      parts.length > 0 &&
      !(block.kind === 'yenc' && block.name === parts[0].name && block.part === parts.length + 1)
    ) {
      yield joined(text, parts)
      parts = []
    }
    if (!block.closed) yield truncated(`A block of ${block.kind}`, block.start)
    if (block.kind === 'yenc') parts.push(block)
    else yield { emit: 'child', name: block.name, content: contentOf(text, block) }
  }
  if (parts.length > 0) yield joined(text, parts)
}

function joined(text: Uint8Array, parts: readonly TextBlock[]): Emission {
  const content = function* () {
    for (const part of parts) yield* contentOf(text, part)
  }
  return { emit: 'child', name: parts[0].name, content: content() }
}

/**
 * Children of long runs of base64 that begin like a file.
 * @param isHtml - data: URLs are left to the component that reads HTML
 */
export function* emitRuns(text: Uint8Array, isHtml: boolean): Generator<Emission> {
  let count = 0
  for (const run of findRuns(text)) {
    if (isHtml && latin1(text, run.start - 7, run.start).toLowerCase() === 'base64,') continue
    yield { emit: 'child', name: `base64-${++count}`, content: contentOf(text, run) }
  }
}

/**
 * Forks of all BinHex files.
 * @param isBinHex - the content is one by its type: then it must hold one, with or without a banner
 */
export function* emitBinHex(text: Uint8Array, isBinHex: boolean): Generator<Emission> {
  let count = 0
  for (let start = findBinHex(text, 0); start >= 0; start = findBinHex(text, start)) {
    count++
    yield* emitForks(text, start)
  }
  if (count > 0 || !isBinHex) return
  const start = openingColon(text, 0, text.length)
  if (start < 0) throw new ContentError('malformed', 'The BinHex data has no opening colon')
  yield* emitForks(text, start)
}

function* emitForks(text: Uint8Array, start: number): Generator<Emission> {
  try {
    const { name, forks } = readBinHex(text, start)
    if (forks.every(({ lengthBytes }) => lengthBytes === 0))
      yield { emit: 'missed', reason: 'malformed', detail: 'The BinHex data holds no content by its header' }
    for (const { kind, lengthBytes, content } of forks)
      if (lengthBytes > 0) yield { emit: 'child', name: kind === 'data' ? name : `${name}/rsrc`, content: content() }
  } catch (error) {
    if (!(error instanceof ContentError)) throw error
    yield { emit: 'missed', reason: error.reason, detail: error.message }
  }
}
