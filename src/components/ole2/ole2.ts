import { extentPieces, openCompound, streamPieces, wordDdeCommands, readWordHeader } from '../../formats/index.ts'
import type { CompoundFile, OleStream } from '../../formats/index.ts'
import { ContentError, ParseError } from '../../bytes/index.ts'
import type { Component, ComponentContext, Emission } from '../../scan/index.ts'
import { clsidText, OleDocument } from './document.ts'
import { encryptionEmissions } from './encryption.ts'
import type { PlainStreams } from './encryption.ts'
import { messagePartName } from './message.ts'
import { objectsIn, pictures, presentation } from './objects.ts'
import { summaryProperties } from './summary.ts'
import { vbaEmissions } from './vba.ts'
import { ddeEmissions, workbookEmissions } from './workbook.ts'

/** Files below this size have no room for hidden content worth a child. */
const TINY = 1_536
/** Bytes below which what no stream reaches is nothing: an end of line that a mailer added. */
const MIN_UNREACHED = 16
/** Class identifiers of storages that are told. */
const MAX_CLSIDS = 32

/** Compound files: Office documents of the binary formats, installer packages, Outlook messages. */
export const ole2: Component = {
  manifest: {
    name: 'ole2',
    version: '1',
    description: 'Takes streams, macros, embedded files and decrypted content out of OLE2 compound files',
    accepts: ['ole2', 'word', 'excel', 'powerpoint', 'hwp-ole2'],
    stage: 'extract',
  },
  *process({ bytes }, context) {
    const document = new OleDocument(openCompound(bytes))
    yield* facts(document)
    for (const stream of document.file.streams) {
      yield streamChild(document, stream)
      yield* guarded(objectsIn(document, stream), document.nameOf(stream))
    }
    yield* guarded(vbaEmissions(document), 'VBA')
    yield* guarded(decryptedContent(document, context), '')
    yield* unreached(document.file)
  },
}

function* facts(document: OleDocument): Generator<Emission, void> {
  const { file, kind, clsid } = document
  yield { emit: 'property', name: 'ole2.kind', value: kind }
  if (clsid !== undefined) yield { emit: 'property', name: 'ole2.clsid', value: clsid }
  yield* summaryProperties(document)
  const others = file.storages.map(storage => clsidText(storage.clsid)).filter(text => text !== undefined)
  for (const value of [...new Set(others)].slice(0, MAX_CLSIDS))
    yield { emit: 'property', name: 'ole2.storageClsid', value }
  for (const problem of file.problems) yield { emit: 'missed', reason: 'malformed', detail: problem }
  if (file.isCrossLinked) yield { emit: 'anomaly', code: 'ole2-cross-linked', detail: 'Two streams share sectors' }
  if (file.isAmbiguous) yield { emit: 'anomaly', code: 'ambiguous', detail: 'Streams can be read in two ways' }
  if (file.streams.some(stream => stream.isOrphan))
    yield { emit: 'anomaly', code: 'ole2-orphan', detail: 'The directory has streams that no storage holds' }
}

function streamChild(document: OleDocument, stream: OleStream): Emission {
  const name = document.kind === 'msg' ? messagePartName(document, stream) : document.nameOf(stream)
  const content = streamPieces(document.file, stream)
  return stream.isOrphan
    ? { emit: 'child', name, content, properties: [{ name: 'ole2.orphan', value: 'true' }] }
    : { emit: 'child', name, content }
}

/** What the streams of the kind say, read in plain where they were encrypted. */
function* decryptedContent(document: OleDocument, context: ComponentContext): Generator<Emission, void> {
  const plain: PlainStreams = new Map()
  yield* guarded(encryptionEmissions(document, context, plain), '')
  const streamOf = (name: string): Uint8Array | undefined => plain.get(name.toLowerCase()) ?? document.bytesAt(name)
  const workbook = streamOf('Workbook') ?? streamOf('Book')
  if (workbook !== undefined) yield* guarded(workbookEmissions(workbook), 'Workbook')
  const word = streamOf('WordDocument')
  const header = word && readWordHeader(word)
  if (word !== undefined && header !== undefined && !header.isEncrypted) {
    yield* ddeEmissions(wordDdeCommands(word, streamOf(header.table) ?? new Uint8Array(0)))
    if (header.hasWordBasic) yield* wordBasic()
  }
  for (const [name, bytes] of plain) yield* pictures(bytes, `decrypted/${name}`)
  const slides = plain.get('powerpoint document')
  if (slides !== undefined) yield* presentation(slides, 'decrypted/PowerPoint Document')
}

/** Macros of Word 6 and 95: tokens of a language of its own. */
function* wordBasic(): Generator<Emission, void> {
  yield { emit: 'property', name: 'ole2.macros', value: 'wordbasic' }
  yield { emit: 'missed', reason: 'unsupported', detail: 'Macros of Word 6 and 95 are not read' }
}

/** An error in one part is a reason for that part; the others go on. */
function* guarded(emissions: Iterable<Emission>, member: string): Generator<Emission, void> {
  try {
    yield* emissions
  } catch (error) {
    if (!(error instanceof ContentError) && !(error instanceof ParseError)) throw error
    const reason = error instanceof ContentError ? error.reason : 'malformed'
    yield { emit: 'missed', reason, detail: error.message, ...(member === '' ? {} : { member }) }
  }
}

/** Sectors that no stream reaches, where they hold anything: what lies behind the last used one, and the rest. */
function* unreached({ bytes, unreached, tailAt }: CompoundFile): Generator<Emission, void> {
  if (bytes.length < TINY) return
  const parts: readonly (readonly [string, readonly number[]])[] = [
    ['unallocated', unreached.slice(0, tailAt)],
    ['trailing', unreached.slice(tailAt)],
  ]
  for (const [name, extents] of parts)
    if (holdsAnything(bytes, extents))
      yield { emit: 'child', name, relation: 'supplementary', content: extentPieces(bytes, extents) }
}

/** At least a few bytes that are neither 0 nor 255. */
function holdsAnything(bytes: Uint8Array, extents: readonly number[]): boolean {
  let found = 0
  for (const piece of extentPieces(bytes, extents))
    for (let i = 0; i < piece.length; i++)
      if (piece[i] !== 0 && piece[i] !== 0xff && ++found >= MIN_UNREACHED) return true
  return false
}
