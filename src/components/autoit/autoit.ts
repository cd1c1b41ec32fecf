import { ContentError, ParseError } from '../../bytes/index.ts'
import { autoItUnpack, collected } from '../../codecs/index.ts'
import { autoItLines, readAutoIt, type AutoItFile } from '../../formats/index.ts'
import type { Component, Emission } from '../../scan/index.ts'

/** Largest script that is made readable. */
const MAX_SCRIPT_BYTES = 64 << 20
const TOKENISED = '>>>AUTOIT SCRIPT<<<'
const SCRIPT_TAGS: ReadonlySet<string> = new Set([TOKENISED, '>AUTOIT SCRIPT<', '>AUTOIT UNICODE SCRIPT<'])
const SCRIPT_NAME = 'script.au3'

/** Compiled scripts of AutoIt 3, and the files that they carry. */
export const autoItComponent: Component = {
  manifest: {
    name: 'autoit',
    version: '1',
    description: 'Takes apart compiled scripts of AutoIt 3, and makes the script readable',
    accepts: ['autoit'],
    stage: 'extract',
  },
  *process({ bytes }) {
    const { version, files, fault } = readAutoIt(bytes)
    if (version !== '') yield { emit: 'property', name: 'autoit.version', value: version }
    for (const file of files) {
      if (file.tag === TOKENISED) yield* tokenised(file)
      else yield { emit: 'child', name: nameOf(file), content: contentOf(file) }
      yield* cut(file)
    }
    if (fault !== undefined) yield { emit: 'missed', reason: fault.reason, detail: fault.message }
  },
}

const nameOf = ({ tag, path }: AutoItFile): string => (SCRIPT_TAGS.has(tag) ? SCRIPT_NAME : tag || path)

const contentOf = ({ data, isCompressed }: AutoItFile): Uint8Array | Iterable<Uint8Array> =>
  isCompressed ? autoItUnpack(data, 0) : data

function* cut({ missingBytes, tag }: AutoItFile): Generator<Emission> {
  if (missingBytes === 0) return
  const detail = `The content ends ${missingBytes} bytes before this file does`
  yield { emit: 'missed', reason: 'malformed', detail, member: tag }
}

function* tokenised(file: AutoItFile): Generator<Emission> {
  const { bytes, fault } = file.isCompressed
    ? collected(autoItUnpack(file.data, 0), MAX_SCRIPT_BYTES)
    : { bytes: file.data, fault: undefined }
  const { text, why } = readable(bytes)
  if (text !== '') yield { emit: 'child', name: SCRIPT_NAME, content: new TextEncoder().encode(text) }
  // What cannot be read as tokens is at least matched as it is.
  if (why !== undefined) yield { emit: 'child', name: 'script.tokens', content: bytes }
  const reason = fault ?? why
  if (reason !== undefined) {
    yield { emit: 'missed', reason: reason.reason, detail: reason.message, member: SCRIPT_NAME }
  }
}

function readable(tokens: Uint8Array): { text: string; why: ContentError | undefined } {
  let text = ''
  try {
    for (const line of autoItLines(tokens)) text += line
  } catch (error) {
    if (error instanceof ContentError) return { text, why: error }
    if (!(error instanceof ParseError)) throw error
    return { text, why: new ContentError('malformed', 'The tokens of the script end too early') }
  }
  return { text, why: undefined }
}
