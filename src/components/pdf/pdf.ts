import { ContentError } from '../../bytes/index.ts'
import {
  isDictionary,
  MARK_ACTIVE,
  MARK_LONG_STRING,
  MARK_OBFUSCATED,
  MARK_ODD,
  MARK_STREAM,
  nameOf,
  PdfFile,
  PdfRef,
  PdfString,
} from '../../formats/index.ts'
import type { IndirectObject, PdfValue } from '../../formats/index.ts'
import type { Component, ComponentContext, ComponentInput, Emission } from '../../scan/index.ts'
import { Findings } from './findings.ts'
import type { FoundString } from './findings.ts'
import { StreamEmitter } from './streams.ts'
import { scriptOf, textOf } from './text.ts'

/** Takes PDF documents apart: every stream, script and embedded file of every reading of the file. */
export const pdf: Component = {
  manifest: {
    name: 'pdf',
    version: '1',
    description: 'Streams, scripts, embedded files and actions of PDF documents',
    accepts: ['pdf'],
    stage: 'extract',
  },
  process,
}

function* process({ bytes }: ComponentInput, context: ComponentContext): Generator<Emission, void, void> {
  const file = new PdfFile(bytes, context.crypto, context.passwords)
  const findings = new Findings(file)
  if (file.isClosed) yield* closed()
  yield* passwords(file)
  yield* gaps(file)
  try {
    yield* active(file, findings)
    yield* compressed(file, findings)
    yield* facts(file, findings)
    yield* streams(file, findings)
    yield* oddities(file)
  } catch (error) {
    if (!(error instanceof ContentError)) throw error
    file.fault ??= error
  }
  yield* unseen(file)
}

function* closed(): Generator<Emission, void, void> {
  yield { emit: 'property', name: 'encrypted', value: 'pdf' }
  yield { emit: 'missed', reason: 'encrypted', detail: 'The document is encrypted; its password would open it' }
}

function* passwords(file: PdfFile): Generator<Emission, void, void> {
  for (const reading of file.readings)
    if (reading !== undefined && reading.password !== '') yield { emit: 'password', password: reading.password }
  if (file.readings.length < 2) return
  yield { emit: 'anomaly', code: 'ambiguous', detail: 'Its trailers disagree about encryption' }
}

function* gaps(file: PdfFile): Generator<Emission, void, void> {
  for (const { start, end } of file.gaps) {
    const isWhole = start === 0 && end === file.bytes.length
    if (isWhole) yield { emit: 'missed', reason: 'malformed', detail: 'Nothing in it can be told apart' }
    else
      yield {
        emit: 'child',
        name: `gap-at-${start}`,
        relation: 'supplementary',
        content: file.bytes.subarray(start, end),
      }
  }
}

/** Objects that do something, or say what something is. */
function* active(file: PdfFile, findings: Findings): Generator<Emission, void, void> {
  for (const index of file.indices(MARK_ACTIVE | MARK_LONG_STRING)) {
    const { value, number, generation } = file.object(index)
    findings.look(value, { number, generation, isCompressed: false })
    yield* taken(findings)
  }
}

function* compressed(file: PdfFile, findings: Findings): Generator<Emission, void, void> {
  let isObfuscated = false
  for (const { number, value, marks } of file.compressed.all()) {
    if (isDictionary(value) && nameOf(value.get('Type')) === 'Page') file.pages.add(number)
    if ((marks & MARK_OBFUSCATED) !== 0) isObfuscated = true
    if ((marks & (MARK_ACTIVE | MARK_LONG_STRING)) === 0) continue
    findings.look(value, { number, generation: 0, isCompressed: true })
    yield* taken(findings)
  }
  if (isObfuscated) yield obfuscated(undefined)
}

function* taken(findings: Findings): Generator<Emission, void, void> {
  const child = ({ place, bytes }: FoundString, suffix: string): Emission => ({
    emit: 'child',
    name: `obj-${place.number}-${place.generation}${suffix}`,
    content: bytes,
  })
  for (const found of findings.scripts) yield child({ ...found, bytes: scriptOf(found.bytes) }, '.js')
  for (const found of findings.strings) yield child(found, '-string')
  if (findings.scripts.length > 0) findings.scripts = []
  if (findings.strings.length > 0) findings.strings = []
}

function* facts(file: PdfFile, findings: Findings): Generator<Emission, void, void> {
  const property = (name: string, value: string): Emission => ({ emit: 'property', name, value })
  if (file.version !== '') yield property('pdf.version', file.version)
  yield property('pdf.pages', String(file.pages.size))
  yield property('pdf.revisions', String(file.revisions))
  if (findings.javascript > 0) yield property('pdf.javascript', String(findings.javascript))
  for (const [key, name] of INFORMATION) {
    const text = informationText(file, key)
    if (text !== '') yield property(name, text)
  }
  if (findings.actions.length > 0)
    yield { emit: 'section', section: { kind: 'key-values', title: 'Actions', entries: findings.actions } }
  for (const { place, command } of findings.launches)
    yield {
      emit: 'anomaly',
      code: 'pdf-launch',
      detail: `Object ${place.number} ${place.generation} starts a program or opens a file: ${command}`,
    }
}

const INFORMATION = [
  ['Producer', 'pdf.producer'],
  ['Creator', 'pdf.creator'],
  ['Title', 'pdf.title'],
] as const

function informationText(file: PdfFile, key: string): string {
  for (const trailer of file.trailers) {
    const reference = trailer.get('Info')
    const information = file.resolve(reference)
    const value = isDictionary(information) ? information.get(key) : undefined
    if (value instanceof PdfString) return textOf(decrypted(file, value, reference))
  }
  return ''
}

function decrypted(file: PdfFile, string: PdfString, reference: PdfValue | undefined): Uint8Array {
  if (!(reference instanceof PdfRef)) return string.bytes
  const { number, generation } = reference
  const isCompressed = file.definitions(number).next().done === true
  return isCompressed ? string.bytes : (file.strings(string, number, generation)[0] ?? new Uint8Array(0))
}

function* streams(file: PdfFile, findings: Findings): Generator<Emission, void, void> {
  const emitter = new StreamEmitter(file, findings)
  for (const index of file.indices(MARK_STREAM)) yield* emitter.emissions(file.object(index))
  if (emitter.isCut)
    yield { emit: 'missed', reason: 'ambiguous', detail: 'More streams without an end, or with two, than are read' }
}

function* oddities(file: PdfFile): Generator<Emission, void, void> {
  if (!file.references.isSound)
    yield { emit: 'anomaly', code: 'pdf-xref-damaged', detail: 'Its cross-references do not lead to its objects' }
  for (const index of file.indices(MARK_OBFUSCATED)) {
    yield obfuscated(file.object(index))
    break
  }
  let hidden: IndirectObject | undefined
  let count = 0
  for (const index of file.indices(MARK_STREAM | MARK_ACTIVE)) {
    if (file.isReferenced(index)) continue
    const object = file.object(index)
    if (!carries(object)) continue
    hidden ??= object
    count++
  }
  if (hidden !== undefined)
    yield {
      emit: 'anomaly',
      code: 'ambiguous',
      detail: `${count} objects with content that no cross-reference leads to; the first is ${hidden.number} ${hidden.generation}`,
      offset: hidden.offset,
    }
  for (const index of file.indices(MARK_ODD)) {
    const { isDeep, offset, number, generation } = file.object(index)
    if (!isDeep) continue
    const detail = `Object ${number} ${generation} is nested deeper than viewers read`
    yield { emit: 'anomaly', code: 'pdf-deep', detail, offset }
    yield { emit: 'missed', reason: 'too-deep', detail }
    break
  }
}

function carries({ value, stream }: IndirectObject): boolean {
  if (!isDictionary(value)) return stream !== undefined
  return stream === undefined ? value.has('JS') : nameOf(value.get('Type')) !== 'XRef'
}

function obfuscated(object: IndirectObject | undefined): Emission {
  const where = object === undefined ? 'A compressed object' : `Object ${object.number} ${object.generation}`
  const detail = `${where} has ordinary letters of a name written as #xx`
  const at = object === undefined ? {} : { offset: object.offset }
  return { emit: 'anomaly', code: 'pdf-name-obfuscated', detail, ...at }
}

function* unseen(file: PdfFile): Generator<Emission, void, void> {
  if (file.fault !== undefined) yield { emit: 'missed', reason: file.fault.reason, detail: file.fault.message }
  if (file.isCut || file.compressed.isCut)
    yield { emit: 'missed', reason: 'too-large', detail: 'The document has more objects than are read' }
}
