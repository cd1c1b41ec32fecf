import { FieldCodes } from '../field-code.ts'
import { controlAt } from './control.ts'
import type { Control } from './control.ts'

// One walk over an RTF document: where its destinations of hexadecimal data lie, and the text of those that tell
// something. Groups are followed by a stack of what they belong to; everything else is passed over.
// Source: Word 2007 Rich Text Format Specification 1.9.1.

/** Groups in each other that are followed; Word stops far earlier. */
const MAX_DEPTH = 4_096
/** Destinations of data that are kept. */
const MAX_SPANS = 20_000
/** Characters of a text that are kept. */
const MAX_TEXT = 4_096
const MAX_TEXTS = 200

export type RtfData = 'objdata' | 'pict' | 'datastore' | 'themedata' | 'colorschememapping' | 'passwordhash'
const DATA_WORDS: ReadonlySet<string> = new Set<RtfData>([
  'objdata',
  'pict',
  'datastore',
  'themedata',
  'colorschememapping',
])
const TEXT_WORDS: ReadonlySet<string> = new Set(['template', 'objclass', 'objname', 'fldinst'])

/** Hexadecimal data in the document. */
export interface RtfSpan {
  readonly kind: RtfData
  /** Offset behind the control word. */
  readonly start: number
  /** Offset of the brace that ends its group. */
  readonly end: number
  /** The brace is there. */
  readonly isClosed: boolean
}

export interface RtfDocument {
  readonly spans: readonly RtfSpan[]
  /** More spans than are kept. */
  readonly isCut: boolean
  /** Texts of destinations, as pairs of control word and text. */
  readonly texts: readonly (readonly [word: string, text: string])[]
  /** Commands of DDE fields. */
  readonly dde: readonly string[]
  /** Offset behind the brace that closes the document; its length where none does. */
  readonly end: number
}

/** A group that is open. */
interface Group {
  /** The data span that started in it. */
  span: number
  /** The destination whose text is collected; '' for none. */
  word: string
  isField: boolean
}

/** Walks over the document. Cost: linear. */
export function readRtf(bytes: Uint8Array): RtfDocument {
  return new Walk(bytes).document()
}

class Walk {
  readonly #bytes: Uint8Array
  readonly #spans: { kind: RtfData; start: number; end: number; isClosed: boolean }[] = []
  readonly #texts: [string, string][] = []
  readonly #fields = new FieldCodes()
  readonly #groups: Group[] = []
  #tooDeep = 0
  /** Text is of interest where the walk stands. */
  #collects = false
  #isCut = false
  #text = ''
  /** Characters that a reader of Unicode skips behind \u. */
  #skip = 0
  #skipCount = 1

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  document(): RtfDocument {
    const end = this.#walk()
    while (this.#groups.length > 0) this.#close(this.#bytes.length, false)
    this.#fields.finish()
    return { spans: this.#spans, isCut: this.#isCut, texts: this.#texts, dde: this.#fields.commands, end }
  }

  #walk(): number {
    const bytes = this.#bytes
    let at = 0
    while (at < bytes.length) {
      const code = bytes[at]
      if (code === 0x7b) {
        this.#open()
        at++
      } else if (code === 0x7d) {
        at++
        if (this.#tooDeep > 0) this.#tooDeep--
        else this.#close(at - 1, true)
        if (this.#groups.length === 0) return at
      } else if (code === 0x5c) {
        const control = controlAt(bytes, at)
        this.#control(control)
        at = control.end
      } else {
        if (this.#collects && code !== 0x0a && code !== 0x0d) this.#character(code)
        at++
      }
    }
    return bytes.length
  }

  #open(): void {
    const above = this.#groups.at(-1)
    if (this.#groups.length < MAX_DEPTH) this.#groups.push({ span: -1, word: above?.word ?? '', isField: false })
    else this.#tooDeep++
  }

  #close(at: number, isClosed: boolean): void {
    const group = this.#groups.pop()
    if (group === undefined) return
    if (group.span >= 0) {
      this.#spans[group.span].end = at
      this.#spans[group.span].isClosed = isClosed
    }
    if (group.word !== '' && (group.isField || group.word !== this.#groups.at(-1)?.word)) this.#endText(group.word)
    if (group.isField) this.#fields.end()
    this.#skip = 0
    this.#collects = (this.#groups.at(-1)?.word ?? '') !== ''
  }

  #control({ word, value, end }: Control): void {
    const group = this.#groups.at(-1)
    if (group === undefined) return
    if (word === "'") this.#character(value ?? 0x3f)
    else if (word === 'u') {
      this.#add(String.fromCharCode((value ?? 0) & 0xffff))
      this.#skip = this.#skipCount
    } else if (word === 'uc') this.#skipCount = Math.min(Math.max(value ?? 1, 0), 16)
    else if (word === '\\' || word === '{' || word === '}') this.#character(word.charCodeAt(0))
    else if (DATA_WORDS.has(word)) this.#data(group, word as RtfData, end)
    else if (TEXT_WORDS.has(word)) {
      if (group.word !== '') this.#endText(group.word)
      group.word = word
      this.#collects = true
    } else if (word === 'field') {
      // What was collected belongs to the field around this one.
      this.#endText(group.word)
      group.isField = true
      this.#fields.begin()
    } else if (word === 'fldrslt') {
      this.#endText(group.word)
      this.#fields.separate()
    }
  }

  #data(group: Group, kind: RtfData, start: number): void {
    if (this.#spans.length >= MAX_SPANS) {
      this.#isCut = true
      return
    }
    // The same word once more in a group: what came before it is data, too.
    if (group.span >= 0) {
      this.#spans[group.span].end = start
      this.#spans[group.span].isClosed = true
    }
    group.span = this.#spans.length
    this.#spans.push({ kind, start, end: this.#bytes.length, isClosed: false })
  }

  #character(code: number): void {
    if (this.#skip > 0) this.#skip--
    else this.#add(String.fromCharCode(code))
  }

  #add(text: string): void {
    const word = this.#groups.at(-1)?.word ?? ''
    if (word !== '' && this.#text.length < MAX_TEXT) this.#text += text
  }

  #endText(word: string): void {
    const text = this.#text
    this.#text = ''
    if (text.trim() === '' || word === '') return
    if (word === 'fldinst') this.#fields.text(text)
    else if (this.#texts.length < MAX_TEXTS) this.#texts.push([word, text.trim()])
  }
}
