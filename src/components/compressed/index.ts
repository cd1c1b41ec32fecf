import { ContentError } from '../../bytes/index.ts'
import type { Decoder } from '../../codecs/index.ts'
import type { Component, Emission } from '../../scan/index.ts'
import { COMPRESSED_FORMATS } from './formats.ts'
import type { CompressedFormat, Header } from './formats.ts'

// One component for each format of a single compressed stream. The content is one child: all members, one after the
// other, as the tools read them. What follows the last member is another.

/** More of one kind are not told. */
const MAX_NOTES = 16

/** Notes of decoders whose output is not what was compressed. */
const WRONG = /-wrong-/

interface Outcome {
  /** Offset behind the last member; undefined where decoding did not get there. */
  end?: number
  outputBytes: number
  readonly notes: { readonly code: string; readonly detail: string; readonly offset: number }[]
}

function* remembering(decoder: Decoder, outcome: Outcome): Generator<Uint8Array> {
  for (let next = decoder.next(); ; next = decoder.next()) {
    if (next.done === true) {
      outcome.end = next.value
      return
    }
    outcome.outputBytes += next.value.length
    yield next.value
  }
}

/** `setup.TGZ` → `setup.tar`; a name without a known ending stays. */
function stripped({ suffixes }: CompressedFormat, name: string): string {
  const lower = name.toLowerCase()
  for (const [ending, becomes] of suffixes)
    if (lower.endsWith(ending) && lower.length > ending.length) return name.slice(0, -ending.length) + becomes
  return name
}

function headerOf({ header }: CompressedFormat, bytes: Uint8Array, name: string): Header {
  try {
    return header?.(bytes, name) ?? { name: '', properties: [] }
  } catch (error) {
    // The decoder says the same in a moment, and its words are the ones that count.
    if (error instanceof ContentError) return { name: '', properties: [] }
    throw error
  }
}

/** What lies behind the last member. Zeros are padding. */
function* trailing(bytes: Uint8Array, end: number, name: string, outcome: Outcome): Generator<Emission> {
  const rest = bytes.subarray(end)
  if (rest.every(byte => byte === 0)) return
  // It ends where it should not: what is compressed goes on in what follows.
  if (outcome.outputBytes === 0 || outcome.notes.some(({ code }) => WRONG.test(code)))
    yield { emit: 'missed', reason: 'malformed', detail: 'The compressed data is damaged, and goes on', member: name }
  yield {
    emit: 'anomaly',
    code: 'trailing-data',
    detail: `${rest.length} bytes follow the compressed data`,
    offset: end,
  }
  yield { emit: 'child', name: `${name}.trailing`, content: rest }
}

function compressedComponent(format: CompressedFormat): Component {
  return {
    manifest: {
      name: format.name,
      version: '1',
      description: `Unpacks ${format.title}: all members, and what follows them`,
      accepts: [format.name],
      stage: 'extract',
    },
    *process({ bytes, name: fileName }) {
      const header = headerOf(format, bytes, fileName)
      const name = header.name === '' ? stripped(format, fileName) : header.name
      for (const property of header.properties) yield { emit: 'property', ...property }
      const outcome: Outcome = { notes: [], outputBytes: 0 }
      const decoder = format.decoder(bytes, 0, (code, detail, offset) => {
        if (outcome.notes.length < MAX_NOTES) outcome.notes.push({ code: `${format.name}-${code}`, detail, offset })
      })
      yield { emit: 'child', name, content: remembering(decoder, outcome) }
      for (const note of outcome.notes) yield { emit: 'anomaly', ...note }
      if (outcome.end !== undefined) yield* trailing(bytes, outcome.end, name, outcome)
    },
  }
}

export const compressedComponents: readonly Component[] = COMPRESSED_FORMATS.map(compressedComponent)
