import { bytesOf, ContentError } from '../../bytes/index.ts'
import {
  decodeBody,
  decodeWords,
  findBinHex,
  identify,
  isBlank,
  openingColon,
  readBinHex,
  readMail,
  strayBoundary,
} from '../../formats/index.ts'
import type { FileTypeName, Leaf, MailReading } from '../../formats/index.ts'
import type { ChildContent, Component, Emission } from '../../scan/index.ts'
import { nameOf, shown } from './names.ts'
import { MAX_PASSWORDS, passwordsIn, textsOf } from './passwords.ts'
import { readingsOf } from './readings.ts'
import type { Reading } from './readings.ts'

/** Parts of messages, mailboxes and web page archives. */
export const mail: Component = {
  manifest: {
    name: 'mail',
    version: '1',
    description: 'Takes messages, mailboxes and web page archives apart into their bodies and attachments',
    accepts: ['mail', 'mhtml'],
    stage: 'extract',
  },
  *process({ bytes }) {
    const reading = readMail(bytes)
    yield* facts(reading)
    yield* oddities(reading)
    yield* passwords(bytes, reading)
    let number = 0
    for (const leaf of reading.leaves) yield* part(bytes, leaf, ++number)
  },
}

const HEADERS = ['from', 'to', 'subject', 'date', 'message-id']

function* facts({ headers, leaves }: MailReading): Generator<Emission> {
  for (const name of HEADERS) {
    const header = headers.find(header => header.name === name)
    if (header !== undefined && header.value !== '')
      yield { emit: 'property', name: `mail.${name}`, value: shown(decodeWords(header.value)) }
  }
  const names = new Set(leaves.flatMap(leaf => leaf.entity.names.slice(0, 1)))
  if (names.size > 0) yield { emit: 'property', name: 'mail.attachments', value: shown([...names].join('; ')) }
}

function* oddities({ anomalies, missed, leaves }: MailReading): Generator<Emission> {
  for (const { detail, offset } of anomalies) yield { emit: 'anomaly', code: 'ambiguous', detail, offset }
  const contradicting = leaves.find(leaf => leaf.entity.ambiguous)
  if (contradicting !== undefined)
    yield {
      emit: 'anomaly',
      code: 'ambiguous',
      detail: 'Headers of a part repeat or contradict each other',
      offset: contradicting.start,
    }
  for (const { reason, detail } of missed) yield { emit: 'missed', reason, detail }
}

function* passwords(bytes: Uint8Array, { headers, leaves }: MailReading): Generator<Emission> {
  const texts = function* () {
    for (const { name, value } of headers) if (name === 'subject') yield decodeWords(value)
    yield* textsOf(bytes, leaves)
  }
  for (const password of passwordsIn(texts()).slice(0, MAX_PASSWORDS)) yield { emit: 'password', password }
}

/** One part, in every way in which it may be decoded. */
function* part(bytes: Uint8Array, leaf: Leaf, number: number): Generator<Emission> {
  const { readings, ambiguous } = readingsOf(bytes, leaf)
  const name = nameOf(leaf, number)
  if (ambiguous !== undefined) yield { emit: 'anomaly', code: 'ambiguous', detail: ambiguous, offset: leaf.start }
  const readingsSeen = new Set<string>()
  for (const reading of readings) {
    const key = `${reading.encoding}:${reading.afterPadding}`
    if (readingsSeen.has(key)) continue
    readingsSeen.add(key)
    if (reading.encoding === 'binhex') yield* forks(bytes, leaf, name)
    else yield* child(bytes, leaf, name, reading)
    if (reading.encoding === 'identity') yield* stray(bytes, leaf, name)
  }
}

function* child(bytes: Uint8Array, { start, end, entity }: Leaf, name: string, reading: Reading): Generator<Emission> {
  const { encoding, afterPadding } = reading
  const { head, content } = peek(decodeBody(bytes, start, end, encoding, afterPadding))
  if (head.length === 0) return
  const { types, names } = entity
  const isWrapped = encoding !== 'identity' && types.some(declared => declared.startsWith('multipart/'))
  const isWhole = encoding === 'identity' && isBlank(bytes, 0, start) && end === bytes.length
  const type = isWrapped ? 'mail' : typeOf(types, head, isWhole)
  yield {
    emit: 'child',
    name,
    content: isWrapped ? withHeader(entity.boundaries[0] ?? '', content) : content,
    ...(type === undefined ? {} : { type }),
    properties: [
      { name: 'mail.content-type', value: shown(types[0] ?? 'text/plain') },
      { name: 'mail.encoding', value: encoding },
      ...names.slice(1).map(other => ({ name: 'mail.other-name', value: shown(other) })),
    ],
  }
}

/**
 * Text that the content alone would not show to be HTML or a message. Never for what has a magic number of its own.
 * @param isWhole - the part is all of the content: a message without headers must not be taken for one again
 */
function typeOf(types: readonly string[], head: Uint8Array, isWhole: boolean): FileTypeName | undefined {
  const found = identify(head).name
  if (isWhole && (found === 'mail' || found === 'mhtml')) return 'text'
  const isText = found === 'text' || found === 'text-utf8'
  if (types.includes('text/html') || types.includes('application/xhtml+xml'))
    return isText ? 'html' : found === 'text-utf16le' || found === 'text-utf16be' ? 'html-utf16' : undefined
  return types.includes('message/rfc822') && isText ? 'mail' : undefined
}

/** A multipart that nothing announces. */
function* stray(bytes: Uint8Array, { start, end }: Leaf, name: string): Generator<Emission> {
  const boundary = strayBoundary(bytes, start, end)
  if (boundary === undefined) return
  yield { emit: 'anomaly', code: 'ambiguous', detail: 'Parts lie in it that no header announces', offset: start }
  yield { emit: 'child', name, type: 'mail', content: withHeader(boundary, bytes.subarray(start, end)) }
}

/** A multipart whose whole body is encoded: the message that it stands for. */
function* withHeader(boundary: string, content: ChildContent): Generator<Uint8Array> {
  yield bytesOf(`MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="${boundary}"\r\n\r\n`)
  if (content instanceof Uint8Array) yield content
  else yield* content as Iterable<Uint8Array>
}

/** Enough to tell a type by. */
const HEAD_BYTES = 1024

/** The first bytes of what the pieces make, and all of it; without pieces both are empty. */
function peek(pieces: Iterable<Uint8Array>): { head: Uint8Array; content: ChildContent } {
  if (Array.isArray(pieces))
    return { head: (pieces as Uint8Array[])[0].subarray(0, HEAD_BYTES), content: (pieces as Uint8Array[])[0] }
  const iterator = pieces[Symbol.iterator]()
  const first = iterator.next()
  if (first.done === true) return { head: new Uint8Array(0), content: new Uint8Array(0) }
  const content = function* () {
    yield first.value
    for (let next = iterator.next(); next.done !== true; next = iterator.next()) yield next.value
  }
  return { head: first.value.subarray(0, HEAD_BYTES), content: content() }
}

function* forks(bytes: Uint8Array, { start, end }: Leaf, name: string): Generator<Emission> {
  const banner = findBinHex(bytes, start, end)
  const data = banner >= 0 ? banner : openingColon(bytes, start, end)
  try {
    if (data < 0) throw new ContentError('malformed', 'The BinHex data has no opening colon', start)
    const file = readBinHex(bytes, data, end)
    for (const { kind, lengthBytes, content } of file.forks)
      if (lengthBytes > 0)
        yield { emit: 'child', name: kind === 'data' ? file.name : `${file.name}/rsrc`, content: content() }
  } catch (error) {
    if (!(error instanceof ContentError)) throw error
    yield { emit: 'missed', reason: error.reason, detail: error.message, member: name }
  }
}
