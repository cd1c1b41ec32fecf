import { bytesOf, indexOf } from '../../bytes/index.ts'
import { decodeScript, encodedScriptAt, joinPieces, SCRIPT_MARK } from '../../codecs/index.ts'
import {
  AMPERSAND,
  APOSTROPHE,
  formsOf,
  GREATER,
  isLetter,
  isSpace,
  isWordAt,
  LESS,
  lower,
  QUOTE,
  writeReference,
} from './characters.ts'
import { closingTag, holdsDataUrl, isTelling, rawElement } from './elements.ts'
import { writeScript } from './script.ts'
import { Sink } from './sink.ts'

// A page in the forms in which signatures of HTML are written: without comments, without tags, and its scripts alone.
// Everything is lower-cased (scripts keep their case), white space is folded, character references and encoded scripts
// are decoded. Close to ClamAV's forms, without its renaming of variables. One pass; each byte is looked at once or
// twice, whatever is left open.

/** Extent of an attribute's value, without its quotes. */
export interface AttributeValue {
  /** Lower case, at most 16 characters of it. */
  readonly name: string
  readonly start: number
  readonly end: number
}

export interface NormalisedHtml {
  readonly noComment: Uint8Array
  readonly noTags: Uint8Array
  readonly scripts: Uint8Array
  /** Encoded scripts, decoded. */
  readonly encodedScripts: readonly Uint8Array[]
  /** Values that may hide a data: URL, or a page, behind character references or control characters. */
  readonly values: readonly AttributeValue[]
}

const COMMENT_END = bytesOf('-->')
/** What text becomes up to markup, what a value becomes up to what may be odd, and what a script or style becomes. */
const TEXT_FORMS = formsOf([0, LESS, AMPERSAND])
const VALUE_FORMS = formsOf([AMPERSAND, ...Array.from({ length: 0x20 }, (_, byte) => byte)])
const RAW_FORMS = formsOf([0])
const SLASH = 0x2f
const EQUALS = 0x3d
const MAX_ATTRIBUTE_NAME = 16

export function normaliseHtml(bytes: Uint8Array): NormalisedHtml {
  return new Normaliser(bytes).run()
}

class Normaliser {
  readonly #bytes: Uint8Array
  readonly #noComment: Sink
  readonly #noTags: Sink
  readonly #scripts = new Sink(4096)
  readonly #encodedScripts: Uint8Array[] = []
  readonly #values: AttributeValue[] = []
  /** No closing quote of that kind comes any more. */
  readonly #noMore = new Set<number>()
  /** White space is left out here: behind a tag, and at the start. */
  #trims = true

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#noComment = new Sink(bytes.length + 64)
    this.#noTags = new Sink(bytes.length / 2)
  }

  run(): NormalisedHtml {
    const bytes = this.#bytes
    const end = bytes.length
    let at = 0
    while (at < end) at = bytes[at] === LESS ? this.#markup(at) : this.#text(at)
    return {
      noComment: this.#noComment.view(),
      noTags: this.#noTags.view(),
      scripts: this.#scripts.view(),
      encodedScripts: this.#encodedScripts,
      values: this.#values,
    }
  }

  /** Text up to the next `<`. */
  #text(start: number): number {
    const bytes = this.#bytes
    const end = bytes.length
    const noComment = this.#noComment
    const noTags = this.#noTags
    let at = start
    while (at < end && bytes[at] !== LESS) {
      const byte = bytes[at]
      if (this.#trims && isSpace(byte)) {
        noTags.space()
        at++
        continue
      }
      this.#trims = false
      if (byte === AMPERSAND) {
        writeReference(bytes, at, end, noTags)
        at = writeReference(bytes, at, end, noComment)
      } else if (byte === 0) at++
      else {
        const next = noComment.fold(bytes, at, end, TEXT_FORMS)
        noTags.fold(bytes, at, next, TEXT_FORMS)
        at = next
      }
    }
    return at
  }

  /** A tag, a comment, or a `<` that is neither. */
  #markup(at: number): number {
    const bytes = this.#bytes
    const next = bytes[at + 1]
    if (next === 0x21 && bytes[at + 2] === 0x2d && bytes[at + 3] === 0x2d) return this.#comment(at)
    if (isLetter(next) || next === 0x21 || next === 0x3f || (next === SLASH && isLetter(bytes[at + 2])))
      return this.#tag(at)
    this.#noComment.push(LESS)
    this.#noTags.push(LESS)
    this.#trims = false
    return at + 1
  }

  /** Comments are left out; what a conditional comment holds is not, because some readers show it. */
  #comment(at: number): number {
    const bytes = this.#bytes
    if (isWordAt(bytes, at + 4, '[if')) {
      const open = bytes.subarray(0, at + 1000).indexOf(GREATER, at)
      if (open >= 0) return open + 1
    }
    // `<!-->` is a whole comment already.
    const close = indexOf(bytes, COMMENT_END, at + 2)
    return close < 0 ? bytes.length : close + COMMENT_END.length
  }

  #tag(start: number): number {
    const bytes = this.#bytes
    const end = bytes.length
    const out = this.#noComment
    // Space before a tag stays only behind text.
    out.push(LESS)
    let at = start + 1
    while (at < end && !isSpace(bytes[at]) && bytes[at] !== GREATER && (bytes[at] !== SLASH || at === start + 1))
      out.push(lower(bytes[at++]))
    const name = at - start
    while (at < end && bytes[at] !== GREATER) at = this.#attribute(at)
    out.push(GREATER)
    this.#noTags.space()
    this.#trims = true
    const element = rawElement(bytes, start + 1, name - 1)
    return element === undefined || at >= end ? at + 1 : this.#raw(at + 1, element)
  }

  /** One attribute, or the space or slash that is there instead; answers an offset further on. */
  #attribute(start: number): number {
    const bytes = this.#bytes
    const end = bytes.length
    const out = this.#noComment
    let at = start
    if (isSpace(bytes[at])) return at + 1
    if (bytes[at] === SLASH) {
      if (bytes[at + 1] === GREATER) out.push(SLASH)
      return at + 1
    }
    out.push(0x20)
    let name = ''
    do {
      const byte = lower(bytes[at++])
      if (name.length < MAX_ATTRIBUTE_NAME) name += String.fromCharCode(byte)
      out.push(byte)
    } while (at < end && !isSpace(bytes[at]) && bytes[at] !== GREATER && bytes[at] !== EQUALS && bytes[at] !== SLASH)
    const behind = this.#skipSpace(at)
    if (bytes[behind] !== EQUALS) return at
    out.push(EQUALS)
    return this.#value(this.#skipSpace(behind + 1), name)
  }

  #skipSpace(start: number): number {
    let at = start
    while (at < this.#bytes.length && isSpace(this.#bytes[at])) at++
    return at
  }

  #value(start: number, name: string): number {
    const bytes = this.#bytes
    const quote = bytes[start]
    if (quote === QUOTE || quote === APOSTROPHE) {
      const close = this.#noMore.has(quote) ? -1 : bytes.indexOf(quote, start + 1)
      if (close >= 0) {
        this.#writeValue(start + 1, close, name)
        return close + 1
      }
      this.#noMore.add(quote)
    }
    let at = start
    while (at < bytes.length && !isSpace(bytes[at]) && bytes[at] !== GREATER) at++
    this.#writeValue(start, at, name)
    return at
  }

  #writeValue(start: number, end: number, name: string): void {
    const bytes = this.#bytes
    const out = this.#noComment
    let isOdd = name === 'srcdoc'
    let hasReference = false
    out.push(QUOTE)
    for (let at = start; at < end;) {
      const byte = bytes[at]
      if (byte === AMPERSAND) {
        // Numbers can stand for every character, the names of punctuation for what a URL begins with.
        if (isTelling(bytes[at + 1])) isOdd = true
        hasReference = true
        at = writeReference(bytes, at, end, out)
      } else if (byte < 0x20) {
        isOdd = true
        if (isSpace(byte)) out.space()
        else if (byte !== 0) out.push(byte)
        at++
      } else at = out.fold(bytes, at, end, VALUE_FORMS)
    }
    out.push(QUOTE)
    if (isOdd || (hasReference && holdsDataUrl(bytes, start, end))) this.#values.push({ name, start, end })
  }

  /** The content of a script or style up to its closing tag, which is left to be read as a tag. */
  #raw(start: number, element: string): number {
    const bytes = this.#bytes
    const end = closingTag(bytes, start, element)
    const isScript = element === 'script'
    if (isScript) this.#scripts.text('<script>')
    let from = start
    for (
      let at = indexOf(bytes, SCRIPT_MARK, start, end);
      at >= 0 && at < end;
      at = indexOf(bytes, SCRIPT_MARK, from, end)
    ) {
      this.#rawText(bytes, from, at, isScript)
      const script = encodedScriptAt(bytes, at, end)
      const decoded = joinPieces(decodeScript(bytes, script.start, script.end), script.end - script.start)
      this.#encodedScripts.push(decoded)
      this.#rawText(decoded, 0, decoded.length, isScript)
      from = script.next
    }
    this.#rawText(bytes, from, end, isScript)
    if (isScript) this.#scripts.text('</script>\n')
    return end
  }

  #rawText(bytes: Uint8Array, start: number, end: number, isScript: boolean): void {
    const out = this.#noComment
    for (let at = start; at < end;) {
      at = out.fold(bytes, at, end, RAW_FORMS, GREATER)
      if (at < end) out.push(bytes[at++])
    }
    if (isScript) writeScript(bytes, start, end, this.#scripts)
  }
}
