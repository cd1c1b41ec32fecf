import { u16le } from '../../bytes/index.ts'
import { isEncryptedPresentation, readWordHeader, workbookFilePass } from '../../formats/index.ts'
import type { ComponentContext, Emission } from '../../scan/index.ts'
import type { OleDocument } from './document.ts'
import { openPackage } from './encrypted-package.ts'
import { isEncryptedHangul } from './objects.ts'
import { openPresentation } from './presentation-cipher.ts'
import { decryptWordStream, decryptWorkbook, openRc4, openXor } from './stream-cipher.ts'

/** Streams that came out of an encrypted document, for those that read them; under their lower-case names. */
export type PlainStreams = Map<string, Uint8Array>

/** Storages and streams of rights management; the key lies on a server. */
const RIGHTS = ['\u0009drmcontent', '\u0006dataspaces/transforminfo/\tdrmencryptedtransform/\u0006primary']

/** Says that it is encrypted, opens it where a password fits, and says what is closed where none does. */
export function* encryptionEmissions(
  document: OleDocument,
  context: ComponentContext,
  plain: PlainStreams,
): Generator<Emission, void> {
  const found = encryptionOf(document, context, plain)
  if (found === undefined) return
  yield { emit: 'property', name: 'encrypted', value: 'ole2' }
  yield { emit: 'property', name: 'ole2.encryption', value: found.method }
  const { password, content } = found
  if (password === undefined || content === undefined) {
    yield { emit: 'missed', reason: 'encrypted', detail: 'The document is encrypted; its password would open it' }
    return
  }
  if (password !== '') yield { emit: 'password', password }
  yield* content()
}

interface Encryption {
  readonly method: string
  readonly password?: string | undefined
  /** What comes out. */
  readonly content?: () => Iterable<Emission>
}

function encryptionOf(document: OleDocument, context: ComponentContext, plain: PlainStreams): Encryption | undefined {
  const encrypted = document.bytesAt('EncryptedPackage')
  if (encrypted !== undefined) return packageEncryption(document, encrypted, context)
  if (RIGHTS.some(path => document.stream(path) !== undefined)) return { method: 'rights management' }
  return (
    wordEncryption(document, context, plain) ??
    workbookEncryption(document, context, plain) ??
    presentationEncryption(document, context, plain) ??
    (isEncryptedHangul(document) ? { method: 'hangul' } : undefined)
  )
}

function packageEncryption(document: OleDocument, encrypted: Uint8Array, context: ComponentContext): Encryption {
  const info = document.bytesAt('EncryptionInfo')
  const method = 'ooxml'
  if (info === undefined) return { method }
  const opened = openPackage(info, context)
  if (opened === undefined) return { method }
  const content = function* (): Generator<Emission, void> {
    yield { emit: 'child', name: 'decrypted', content: opened.content(encrypted) }
  }
  return { method, password: opened.password, content }
}

const RC4 = 'rc4'

function wordEncryption(document: OleDocument, context: ComponentContext, plain: PlainStreams): Encryption | undefined {
  const stream = document.bytesAt('WordDocument')
  const header = stream && readWordHeader(stream)
  if (stream === undefined || header === undefined || !header.isEncrypted) return undefined
  if (header.isObfuscated) return { method: 'xor' }
  const table = document.bytesAt(header.table)
  const cipher = table && openRc4(table, context)
  if (table === undefined || cipher === undefined) return { method: RC4 }
  const content = function* (): Generator<Emission, void> {
    yield* plainStream(plain, 'WordDocument', decryptWordStream(stream, cipher, header))
    const plainTable = decryptWordStream(table, cipher)
    yield* plainStream(plain, header.table, plainTable)
    const data = document.bytesAt('Data')
    if (data !== undefined) yield* plainStream(plain, 'Data', decryptWordStream(data, cipher))
  }
  return { method: RC4, password: cipher.password, content }
}

function workbookEncryption(
  document: OleDocument,
  context: ComponentContext,
  plain: PlainStreams,
): Encryption | undefined {
  const name = document.stream('Workbook') === undefined ? 'Book' : 'Workbook'
  const stream = document.bytesAt(name)
  const filePass = stream && workbookFilePass(stream)
  if (stream === undefined || filePass === undefined) return undefined
  if (filePass.length < 6 || u16le(filePass, 0) === 0) {
    const opened = openXor(stream, filePass, context)
    if (opened === undefined) return { method: 'xor' }
    return { method: 'xor', password: opened.password, content: () => plainStream(plain, name, opened.plain) }
  }
  const cipher = openRc4(filePass.subarray(2), context)
  if (cipher === undefined) return { method: RC4 }
  const content = (): Iterable<Emission> => plainStream(plain, name, decryptWorkbook(stream, cipher))
  return { method: RC4, password: cipher.password, content }
}

function presentationEncryption(
  document: OleDocument,
  context: ComponentContext,
  plain: PlainStreams,
): Encryption | undefined {
  const name = 'PowerPoint Document'
  const stream = document.bytesAt(name)
  if (stream === undefined || !isEncryptedPresentation(stream)) return undefined
  const user = document.bytesAt('Current User')
  const opened = user && openPresentation(stream, user, context)
  if (opened === undefined) return { method: RC4 }
  const content = function* (): Generator<Emission, void> {
    yield* plainStream(plain, name, opened.plain)
    if (document.stream('Pictures') !== undefined)
      yield { emit: 'missed', reason: 'encrypted', detail: 'Pictures are not decrypted', member: 'Pictures' }
  }
  return { method: RC4, password: opened.password, content }
}

function* plainStream(plain: PlainStreams, name: string, bytes: Uint8Array): Generator<Emission, void> {
  plain.set(name.toLowerCase(), bytes)
  yield { emit: 'child', name: `decrypted/${name}`, content: bytes }
}
