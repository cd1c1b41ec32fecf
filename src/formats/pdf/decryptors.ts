import { latin1 } from '../../bytes/index.ts'
import { openEncryption } from './encryption.ts'
import type { Decryptor, PdfCrypto } from './encryption.ts'
import type { Resolve } from './filters.ts'
import { isArray, isDictionary, PdfRef, PdfString } from './values.ts'
import type { PdfDictionary, PdfValue } from './values.ts'

// Which decryption a viewer uses depends on the trailer that it believes, so all of them are opened.

/** As many identifiers are tried as a sound file of some revisions has. */
const MAX_IDS = 4
/** More than that is a trap; each costs a try of every password. */
const MAX_ENCRYPTIONS = 4

export interface Readings {
  /**
   * How streams and strings are read: one decryptor, or undefined for as they are. More than one where trailers
   * contradict each other; none where no password fits.
   */
  readonly readings: readonly (Decryptor | undefined)[]
  /** Some trailer's encryption stays closed. */
  readonly isClosed: boolean
}

/** What a file offers for this. */
export interface Trailers {
  readonly trailers: readonly PdfDictionary[]
  /** Values of every definition of an object. */
  readonly valuesOf: (number: number) => Iterable<PdfValue>
  readonly resolve: Resolve
}

export const isEncrypting = (trailer: PdfDictionary): boolean => {
  const value = trailer.get('Encrypt')
  return value instanceof PdfRef || isDictionary(value)
}

/** Opens what the trailers name. @throws ContentError when there was too much work */
export function openReadings(file: Trailers, crypto: PdfCrypto, passwords: readonly string[]): Readings {
  const { trailers, resolve } = file
  if (!trailers.some(isEncrypting)) return { readings: [undefined], isClosed: false }
  const encryptions = encryptionsOf(file)
  const ids = idsOf(file)
  const opened = new Map<string, Decryptor>()
  let isClosed = encryptions.length === 0 || encryptions.length > MAX_ENCRYPTIONS
  for (const encrypt of encryptions.slice(0, MAX_ENCRYPTIONS)) {
    const found = ids.flatMap(id => openEncryption(encrypt, id, crypto, passwords, resolve) ?? [])
    if (found.length === 0) isClosed = true
    for (const decryptor of found) opened.set(decryptor.identity, opened.get(decryptor.identity) ?? decryptor)
  }
  // A viewer that finds no Encrypt dictionary reads the file as it is.
  const isOpen = encryptions.length === 0 || trailers.some(trailer => trailer.has('Root') && !isEncrypting(trailer))
  return { readings: [...opened.values(), ...(isOpen ? [undefined] : [])], isClosed }
}

/** Every Encrypt dictionary that some trailer names, at most one more than are opened. */
function encryptionsOf({ trailers, valuesOf }: Trailers): readonly PdfDictionary[] {
  const found: PdfDictionary[] = []
  const seen = new Set<number>()
  for (const trailer of trailers) {
    const value = trailer.get('Encrypt')
    if (value instanceof PdfRef && seen.has(value.number)) continue
    if (value instanceof PdfRef) seen.add(value.number)
    for (const encrypt of value instanceof PdfRef ? valuesOf(value.number) : [value]) {
      if (isDictionary(encrypt)) found.push(encrypt)
      if (found.length > MAX_ENCRYPTIONS) return found
    }
  }
  return found
}

/** First strings of the ID of every trailer, and none: newer revisions do without. */
function idsOf({ trailers, resolve }: Trailers): readonly Uint8Array[] {
  const ids = trailers.flatMap(trailer => {
    const id = resolve(trailer.get('ID'))
    const first = isArray(id) ? resolve(id[0]) : undefined
    return first instanceof PdfString ? [first.bytes] : []
  })
  const distinct = [...new Map(ids.map(id => [latin1(id), id])).values()].slice(0, MAX_IDS)
  return [...distinct, new Uint8Array(0)]
}
