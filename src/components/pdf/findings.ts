import { isArray, isDictionary, LONG_STRING_BYTES, nameOf, PdfRef, PdfString } from '../../formats/index.ts'
import type { PdfDictionary, PdfFile, PdfValue } from '../../formats/index.ts'
import { textOf } from './text.ts'

// What the dictionaries of a file say about its streams, and what they make a viewer do.

/** URIs that are listed; a document may have thousands. */
const MAX_URIS = 50
/** Other actions that are listed. */
const MAX_ACTIONS = 200

/** What a stream is to those that refer to it. */
export interface Role {
  readonly kind: 'script' | 'file' | 'form' | 'font'
  /** Name of an embedded file; extension of everything else. */
  readonly name: string
}

/** The object in which something stands. */
export interface Place {
  readonly number: number
  readonly generation: number
  /** Strings inside streams of objects are not encrypted once more. */
  readonly isCompressed: boolean
}

export interface FoundString {
  readonly place: Place
  readonly bytes: Uint8Array
}

export interface Launch {
  readonly place: Place
  readonly command: string
}

const FONTS = new Map([
  ['FontFile', '.pfa'],
  ['FontFile2', '.ttf'],
  ['FontFile3', '.cff'],
])
/** Actions, and where the target of each stands. */
const ACTIONS = new Map([
  ['URI', 'URI'],
  ['SubmitForm', 'F'],
  ['GoToR', 'F'],
  ['GoToE', 'F'],
  ['ImportData', 'F'],
])
const FILE_NAMES = ['UF', 'F', 'Unix', 'DOS', 'Mac']

export class Findings {
  /** By number of the object. */
  readonly roles = new Map<number, Role>()
  readonly actions: { key: string; value: string }[] = []
  readonly launches: Launch[] = []
  /** Scripts and long strings since they were last taken. */
  scripts: FoundString[] = []
  strings: FoundString[] = []
  /** Scripts altogether. */
  javascript = 0
  #uris = 0
  readonly #file: PdfFile
  readonly #scriptNumbers = new Set<number>()

  constructor(file: PdfFile) {
    this.#file = file
  }

  /** Looks through a value; its nesting is bounded by the parser. */
  look(value: PdfValue, place: Place): void {
    if (isDictionary(value)) this.#dictionary(value, place)
    else if (isArray(value)) for (const element of value) this.look(element, place)
    else if (value instanceof PdfString) this.#string(value, place)
  }

  #dictionary(dictionary: PdfDictionary, place: Place): void {
    for (const [key, value] of dictionary) {
      const end = key.indexOf('\0')
      const name = end < 0 ? key : key.slice(0, end)
      if (name === 'JS') {
        this.#script(value, place)
        continue
      }
      if (name === 'EF') this.#embedded(dictionary, value, place)
      else if (name === 'RF') this.#related(value)
      else if (name === 'XFA') this.#form(value)
      else if (name === 'S') this.#action(dictionary, nameOf(value), place)
      else if (name === 'OpenAction' || name === 'AA') this.#trigger(name, value)
      else if (FONTS.has(name) && value instanceof PdfRef) this.#role(value, { kind: 'font', name: FONTS.get(name)! })
      this.look(value, place)
    }
  }

  #string(string: PdfString, place: Place): void {
    if (string.bytes.length < LONG_STRING_BYTES) return
    if (string.isPlain && !place.isCompressed && !this.#file.isEncrypted) return
    // What is inside a stream of objects comes out with that stream.
    if (string.isPlain && place.isCompressed) return
    for (const bytes of this.#readings(string, place)) this.strings.push({ place, bytes })
  }

  #readings(string: PdfString, { number, generation, isCompressed }: Place): readonly Uint8Array[] {
    return isCompressed ? [string.bytes] : this.#file.strings(string, number, generation)
  }

  #text(value: PdfValue | undefined, place: Place): string {
    const string = this.#file.resolve(value)
    const bytes = string instanceof PdfString ? this.#readings(string, this.#home(value, place))[0] : undefined
    return bytes === undefined ? '' : textOf(bytes)
  }

  /** Where the value behind a reference stands. */
  #home(value: PdfValue | undefined, place: Place): Place {
    if (!(value instanceof PdfRef)) return place
    const { number, generation } = value
    const isCompressed = this.#file.definitions(number).next().done === true
    return { number, generation, isCompressed }
  }

  #script(value: PdfValue, place: Place): void {
    if (value instanceof PdfString) this.#addScript(value, place)
    if (!(value instanceof PdfRef) || this.#scriptNumbers.has(value.number)) return
    this.#scriptNumbers.add(value.number)
    this.roles.set(value.number, { kind: 'script', name: '.js' })
    let isFound = false
    for (const index of this.#file.definitions(value.number)) {
      isFound = true
      const object = this.#file.object(index)
      const home = { number: object.number, generation: object.generation, isCompressed: false }
      if (object.value instanceof PdfString) this.#addScript(object.value, home)
      else if (object.stream !== undefined) this.javascript++
    }
    const compressed = isFound ? undefined : this.#file.resolve(value)
    if (compressed instanceof PdfString)
      this.#addScript(compressed, { number: value.number, generation: 0, isCompressed: true })
  }

  #addScript(string: PdfString, place: Place): void {
    this.javascript++
    for (const bytes of this.#readings(string, place)) this.scripts.push({ place, bytes })
  }

  #role(ref: PdfRef, role: Role): void {
    const before = this.roles.get(ref.number)
    if (before === undefined || before.kind === 'font') this.roles.set(ref.number, role)
  }

  #embedded(specification: PdfDictionary, value: PdfValue, place: Place): void {
    const files = this.#file.resolve(value)
    if (!isDictionary(files)) return
    const name = this.#fileName(specification, place)
    for (const file of files.values()) if (file instanceof PdfRef) this.#role(file, { kind: 'file', name })
  }

  /** Related files: arrays of a name and a stream each. */
  #related(value: PdfValue): void {
    const files = this.#file.resolve(value)
    if (!isDictionary(files)) return
    for (const list of files.values()) {
      const pairs = this.#file.resolve(list)
      if (!isArray(pairs)) continue
      for (let i = 1; i < pairs.length; i += 2) {
        const [name, file] = [pairs[i - 1], pairs[i]]
        if (file instanceof PdfRef)
          this.#role(file, { kind: 'file', name: name instanceof PdfString ? textOf(name.bytes) : '' })
      }
    }
  }

  #fileName(specification: PdfDictionary, place: Place): string {
    for (const key of FILE_NAMES) {
      const name = this.#text(specification.get(key), place)
      if (name !== '') return name
    }
    return ''
  }

  #form(value: PdfValue): void {
    if (value instanceof PdfRef) this.#role(value, { kind: 'form', name: '.xml' })
    const parts = this.#file.resolve(value)
    if (!isArray(parts)) return
    for (const part of parts) if (part instanceof PdfRef) this.#role(part, { kind: 'form', name: '.xml' })
  }

  #trigger(key: string, value: PdfValue): void {
    if (this.actions.length >= MAX_ACTIONS) return
    const action = this.#file.resolve(value)
    if (!isDictionary(action)) return
    const kinds = key === 'AA' ? [...action.keys()].join(' ') : nameOf(this.#file.resolve(action.get('S')))
    if (kinds !== undefined && kinds !== 'GoTo') this.actions.push({ key, value: kinds.slice(0, 200) })
  }

  #action(action: PdfDictionary, kind: string | undefined, place: Place): void {
    if (kind === 'Launch') return this.#launch(action, place)
    const key = kind === undefined ? undefined : ACTIONS.get(kind)
    if (key === undefined || kind === undefined) return
    if (kind === 'URI' ? ++this.#uris > MAX_URIS : this.actions.length >= MAX_ACTIONS) return
    this.actions.push({ key: kind, value: this.#target(action.get(key), place) })
  }

  /** A string, or the name in a file specification. */
  #target(value: PdfValue | undefined, place: Place): string {
    const target = this.#file.resolve(value)
    const home = this.#home(value, place)
    return isDictionary(target) ? this.#fileName(target, home) : this.#text(value, place)
  }

  #launch(action: PdfDictionary, place: Place): void {
    const windows = this.#file.resolve(action.get('Win'))
    const home = this.#home(action.get('Win'), place)
    const parts = [this.#target(action.get('F'), place)]
    if (isDictionary(windows)) for (const key of ['F', 'P', 'D', 'O']) parts.push(this.#text(windows.get(key), home))
    const command = parts.filter(part => part !== '').join(' ')
    if (this.launches.length < MAX_ACTIONS) this.launches.push({ place, command })
    if (this.actions.length < MAX_ACTIONS) this.actions.push({ key: 'Launch', value: command })
  }
}
