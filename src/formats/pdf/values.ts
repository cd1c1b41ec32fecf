// Objects of PDF as values: null, booleans and numbers are JavaScript's, arrays are arrays, dictionaries are Maps by
// decoded name, everything else is one of these classes. Source: ISO 32000-1, 7.3.

/** A name without its slash, `#xx` undone; one character per byte. */
export class PdfName {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** A string, escapes undone, not yet decrypted. */
export class PdfString {
  /** Owned. */
  readonly bytes: Uint8Array
  /** True where the same bytes stand in the file as they are. */
  readonly isPlain: boolean

  constructor(bytes: Uint8Array, isPlain: boolean) {
    this.bytes = bytes
    this.isPlain = isPlain
  }
}

/** A reference to an indirect object. */
export class PdfRef {
  readonly number: number
  readonly generation: number

  constructor(number: number, generation: number) {
    this.number = number
    this.generation = generation
  }
}

/**
 * A dictionary. Where a key repeats, its last value stands under the key, and the ones before under the key with a NUL
 * and a number behind: no reading of the file is lost.
 */
export type PdfDictionary = ReadonlyMap<string, PdfValue>
export type PdfValue = null | boolean | number | PdfName | PdfString | PdfRef | readonly PdfValue[] | PdfDictionary

export const isDictionary = (value: PdfValue | undefined): value is PdfDictionary => value instanceof Map
export const isArray = (value: PdfValue | undefined): value is readonly PdfValue[] => Array.isArray(value)
/** Text of a name; undefined for everything else. */
export const nameOf = (value: PdfValue | undefined): string | undefined =>
  value instanceof PdfName ? value.text : undefined
