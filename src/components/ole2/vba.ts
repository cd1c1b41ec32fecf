import { ContentError, latin1 } from '../../bytes/index.ts'
import { collected, ovbaDecompress } from '../../codecs/index.ts'
import {
  decodeCodePage,
  joinExtents,
  readVbaProject,
  vbaKeywords,
  vbaModuleName,
  vbaSourceOffsets,
} from '../../formats/index.ts'
import type { OleStream } from '../../formats/index.ts'
import type { Emission } from '../../scan/index.ts'
import type { OleDocument } from './document.ts'

/** Bytes of a project's list, decompressed; one of a thousand modules has 200 KiB. */
const MAX_DIR_BYTES = 8 << 20
/** Bytes of all lists; modules of later projects are found without. */
const MAX_DIRS_BYTES = 64 << 20
/** Bytes of one module's source; the editor stops at 65534 lines. */
const MAX_SOURCE_BYTES = 64 << 20
/** Bytes of all sources; past that modules are missed, since their search for words is not free. */
const MAX_TOTAL_BYTES = 256 << 20
/** Characters of a module's source that are searched for words. */
const MAX_SEARCHED = 1 << 20
/** Words that stand in a project only when its code uses them. */
const TELLING = [
  'createobject',
  'urldownloadtofilea',
  'wscript',
  'shellexecutea',
  'virtualalloc',
  'autoopen',
  'auto_open',
]

interface Found {
  readonly name: string
  readonly extension: 'bas' | 'cls' | 'frm'
  readonly folder: string
  readonly bytes: Uint8Array
  /** What is wrong with it. */
  readonly fault: ContentError | undefined
  /** Not listed by the project. */
  readonly isStray: boolean
}

/** Modules of all VBA projects: source as children, a table of them, and what is odd. */
export function* vbaEmissions(document: OleDocument): Generator<Emission, void> {
  const rows: string[][] = []
  const sources: string[] = []
  let totalBytes = 0
  for (const found of allModules(document)) {
    const name = [found.folder, `${found.name}.${found.extension}`].filter(part => part !== '').join('/')
    totalBytes += found.bytes.length
    if (totalBytes > MAX_TOTAL_BYTES) {
      yield {
        emit: 'missed',
        reason: 'too-large',
        detail: `Macros have more than ${MAX_TOTAL_BYTES} bytes`,
        member: name,
      }
      break
    }
    if (rows.length === 0) yield { emit: 'property', name: 'ole2.macros', value: 'vba' }
    const text = latin1(found.bytes.subarray(0, MAX_SEARCHED))
    sources.push(text)
    const words = vbaKeywords(text).map(([, word]) => word)
    rows.push([name, found.isStray ? 'not listed' : 'listed', String(found.bytes.length), words.join(' ')])
    if (found.bytes.length > 0) yield { emit: 'child', name, type: 'text', content: found.bytes }
    if (found.fault !== undefined)
      yield { emit: 'missed', reason: found.fault.reason, detail: found.fault.message, member: name }
  }
  if (rows.length === 0) {
    yield* compiledOnly(document)
    return
  }
  if (rows.some(row => row[1] === 'not listed'))
    yield { emit: 'anomaly', code: 'vba-unlisted', detail: 'Source of a macro is not listed by its project' }
  yield* stomped(document, sources)
  const columns = ['Module', 'In the project', 'Bytes', 'Words']
  yield { emit: 'section', section: { kind: 'table', title: 'VBA macros', columns, rows } }
}

function* allModules(document: OleDocument): Generator<Found, void> {
  const { streams } = document.file
  const done = new Set<string>()
  let dirsBytes = 0
  for (const dir of streams) {
    if (dir.name.toLowerCase() !== 'dir') continue
    if (dirsBytes > MAX_DIRS_BYTES) break
    const { bytes } = collected(ovbaDecompress(document.bytes(dir), 0), MAX_DIR_BYTES)
    dirsBytes += bytes.length
    yield* listedModules(document, dir, bytes, done)
  }
  for (const stream of streams) yield* strayModules(document, stream, done)
  yield* unreachedModules(document)
}

function* listedModules(
  document: OleDocument,
  dir: OleStream,
  list: Uint8Array,
  done: Set<string>,
): Generator<Found, void> {
  const { codePage, modules } = readVbaProject(list)
  const folder = dir.folders.join('/')
  const above = dir.folders.slice(0, -1)
  for (const module of modules) {
    const name = decodeCodePage(module.name, codePage)
    const stream = document.stream([...dir.folders, decodeCodePage(module.stream, codePage)].join('/'))
    if (stream === undefined) {
      const fault = new ContentError('malformed', 'The stream of a macro is missing')
      yield { name, extension: 'bas', folder, bytes: new Uint8Array(0), fault, isStray: false }
      continue
    }
    const key = `${stream.id} ${module.sourceOffset}`
    if (done.has(key)) continue
    done.add(key)
    const { bytes, fault } = collected(ovbaDecompress(document.bytes(stream), module.sourceOffset), MAX_SOURCE_BYTES)
    const isForm = document.stream([...above, name, 'f'].join('/')) !== undefined
    const extension = module.isProcedural ? 'bas' : isForm ? 'frm' : 'cls'
    yield { name, extension, folder, bytes, fault, isStray: false }
  }
}

/** Source that no list leads to, in any stream: what remains where a list is damaged or was taken out. */
function* strayModules(document: OleDocument, stream: OleStream, done: Set<string>): Generator<Found, void> {
  const bytes = document.bytes(stream)
  for (const offset of vbaSourceOffsets(bytes)) {
    const key = `${stream.id} ${offset}`
    if (!done.has(key)) yield stray(bytes, offset, stream.folders.join('/'), stream.name)
  }
}

function* unreachedModules({ file }: OleDocument): Generator<Found, void> {
  const bytes = joinExtents(file.bytes, file.unreached)
  for (const offset of vbaSourceOffsets(bytes)) yield stray(bytes, offset, 'unallocated', `at-${offset}`)
}

function stray(input: Uint8Array, offset: number, folder: string, fallback: string): Found {
  const { bytes } = collected(ovbaDecompress(input, offset), MAX_SOURCE_BYTES)
  const text = latin1(bytes.subarray(0, 4096))
  const extension = text.includes('VB_Base') ? 'cls' : 'bas'
  return { name: vbaModuleName(text) ?? fallback, extension, folder, bytes, fault: undefined, isStray: true }
}

/** Bytes of the stream of compiled code where there is none. */
const EMPTY_PROJECT = 16

/** A project of which compiled code is all that is left. */
function* compiledOnly({ file }: OleDocument): Generator<Emission, void> {
  if (!file.streams.some(stream => stream.name.toLowerCase() === '_vba_project' && stream.present > EMPTY_PROJECT))
    return
  yield { emit: 'property', name: 'ole2.macros', value: 'vba' }
  yield { emit: 'anomaly', code: 'vba-stomped', detail: 'Macros are there as compiled code only' }
}

/** Compiled code that does what no source says: Office runs it where its version fits. */
function* stomped(document: OleDocument, sources: readonly string[]): Generator<Emission, void> {
  const source = sources.join('\n').toLowerCase()
  for (const stream of document.file.streams) {
    if (stream.name.toLowerCase() !== '_vba_project') continue
    const compiled = latin1(document.bytes(stream)).toLowerCase()
    const word = TELLING.find(telling => compiled.includes(telling) && !source.includes(telling))
    if (word === undefined) continue
    yield { emit: 'anomaly', code: 'vba-stomped', detail: `Compiled macros use ${word}, their source does not` }
    return
  }
}
