import { decodeUtf16, joinPieces } from '../../codecs/index.ts'
import { decodeDataUrl, decodeReferences, findDataUrls, identify, normaliseHtml } from '../../formats/index.ts'
import type { DataUrl, FileTypeName } from '../../formats/index.ts'
import type { Component, Emission } from '../../scan/index.ts'

/** Larger pages are not normalised: signatures of HTML then see only the raw bytes. ClamAV's limit is the same. */
const MAX_NORMALISED_BYTES = 40 << 20

const AMPERSAND = 0x26

/** What a page carries in data: URLs and encoded scripts, and the page in the forms that signatures expect. */
export const html: Component = {
  manifest: {
    name: 'html',
    version: '1',
    description: 'Normalises HTML, decodes its data: URLs and encoded scripts',
    accepts: ['html', 'html-utf16'],
    stage: 'extract',
    place: 'engine',
  },
  *process({ bytes, type }) {
    if (type === 'html') yield* page(bytes)
    else if (bytes.length > MAX_NORMALISED_BYTES) yield tooLarge(bytes)
    else {
      const text = joinPieces(decodeUtf16(bytes, isLittleEndian(bytes)), bytes.length * 2)
      yield { emit: 'child', name: 'utf-8', relation: 'view', type: 'html', content: text }
      yield* page(text)
    }
  },
}

const tooLarge = (bytes: Uint8Array): Emission => ({
  emit: 'missed',
  reason: 'too-large',
  detail: `A page of more than ${MAX_NORMALISED_BYTES} bytes is not normalised`,
  bytes: bytes.length,
})

/** By the mark, or by where the zeros are in what is mostly ASCII. */
function isLittleEndian(bytes: Uint8Array): boolean {
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return false
  return (bytes[0] === 0xff && bytes[1] === 0xfe) || bytes[0] !== 0
}

function* page(bytes: Uint8Array): Generator<Emission> {
  const names = new Names()
  const starts: number[] = []
  for (const url of findDataUrls(bytes)) {
    starts.push(url.start)
    yield urlChild(bytes, url, names)
  }
  if (bytes.length > MAX_NORMALISED_BYTES) yield tooLarge(bytes)
  else yield* normalised(bytes, starts, names)
}

/** @param starts - offsets of the data: URLs that stand in the page as they are, ascending */
function* normalised(bytes: Uint8Array, starts: readonly number[], names: Names): Generator<Emission> {
  const { noComment, noTags, scripts, encodedScripts, values } = normaliseHtml(bytes)
  let next = 0
  for (const { name, start, end } of values) {
    while (next < starts.length && starts[next] < start) next++
    // Line breaks within base64 are skipped already: only references make another content of it.
    const isFound = starts[next] < end && bytes.subarray(start, end).indexOf(AMPERSAND) < 0
    if (!isFound) yield* valueChildren(decodeReferences(bytes, start, end), name, names)
  }
  for (const content of encodedScripts)
    if (content.length > 0) yield { emit: 'child', name: names.next('script'), content }
  if (!isSame(noComment, bytes)) yield view('nocomment', 'html', noComment)
  if (noTags.length > 0 && !isSame(noTags, bytes)) yield view('notags', 'html', noTags)
  if (scripts.length === 0) return
  yield view('javascript', 'html', scripts)
  // Signatures of scripts are written for text, too.
  yield view('javascript', 'text', scripts)
}

const view = (name: string, type: FileTypeName, content: Uint8Array): Emission => ({
  emit: 'child',
  name,
  relation: 'view',
  type,
  content,
})

class Names {
  readonly #counts = new Map<string, number>()

  next(stem: string): string {
    const count = (this.#counts.get(stem) ?? 0) + 1
    this.#counts.set(stem, count)
    return `${stem}-${count}`
  }
}

function urlChild(bytes: Uint8Array, url: DataUrl, names: Names): Emission {
  const content = decodeDataUrl(bytes, url)
  const properties = [{ name: 'html.media-type', value: url.mediaType.replace(/[^!-~]/g, '?') }]
  const name = names.next('data')
  if (!/^(?:text\/html|application\/xhtml\+xml)/.test(url.mediaType))
    return { emit: 'child', name, content, properties }
  const whole = joinPieces(content, url.end - url.start)
  const isText = ['text', 'text-utf8'].includes(identify(whole).name)
  return { emit: 'child', name, content: whole, properties, ...(isText ? { type: 'html' } : {}) }
}

/** Values that were hidden by character references or control characters: browsers ignore the latter in URLs. */
function* valueChildren(value: Uint8Array, name: string, names: Names): Generator<Emission> {
  if (name === 'srcdoc') yield { emit: 'child', name: names.next('srcdoc'), type: 'html', content: value }
  const url = withoutControls(value)
  for (const found of findDataUrls(url)) yield urlChild(url, found, names)
}

function withoutControls(value: Uint8Array): Uint8Array {
  const out = new Uint8Array(value.length)
  let length = 0
  for (const byte of value) if (byte > 0x20) out[length++] = byte
  return out.subarray(0, length)
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
