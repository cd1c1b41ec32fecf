import { zlibInflate } from '../../codecs/index.ts'
import { readSisPackage } from '../../formats/index.ts'
import type { Component, ComponentInput, Emission } from '../../scan/index.ts'
import { cutMember, gapChild } from '../archive-emissions.ts'

/** More than names and texts. */
const MIN_LOST_BYTES = 256
/** Shorter stretches that no file holds are names. */
const MIN_GAP_BYTES = 64

/** Symbian installation packages. */
export const sisComponent: Component = {
  manifest: {
    name: 'sis',
    version: '1',
    description: 'Takes Symbian installation packages apart (SIS and SISX)',
    accepts: ['sis'],
    stage: 'extract',
  },
  process: takeApart,
}

function* takeApart({ bytes }: ComponentInput): Generator<Emission> {
  const extents: Extent[] = []
  const reader = readSisPackage(bytes)
  let next = reader.next()
  for (; next.done !== true; next = reader.next()) {
    const { name, data, missingBytes, isCompressed } = next.value
    const start = data.byteOffset - bytes.byteOffset
    extents.push({ start, end: start + data.length })
    let reached = data.length
    const inflated = function* () {
      reached = yield* zlibInflate(data, 0)
    }
    yield { emit: 'child', name, content: isCompressed ? inflated() : data }
    if (data.length - reached >= MIN_GAP_BYTES) {
      const detail = `The compressed data ends ${data.length - reached} bytes before the file does`
      yield { emit: 'missed', reason: 'malformed', detail, member: name }
    }
    if (missingBytes > 0) yield cutMember(name, missingBytes)
  }
  if (extents.length === 0) yield { emit: 'missed', reason: 'malformed', detail: 'No file was found in the package' }
  if (typeof next.value === 'number') yield* gaps(bytes, next.value, extents)
}

interface Extent {
  readonly start: number
  readonly end: number
}

/** What no file holds, names and texts among it. */
function* gaps(bytes: Uint8Array, from: number, extents: readonly Extent[]): Generator<Emission> {
  let reached = from
  const sorted = extents.toSorted((a, b) => a.start - b.start)
  for (const { start, end } of [...sorted, { start: bytes.length, end: bytes.length }]) {
    if (start - reached >= MIN_GAP_BYTES) {
      yield gapChild(bytes, reached, start)
      const detail = `${start - reached} bytes at offset ${reached} belong to no file`
      if (start - reached >= MIN_LOST_BYTES) yield { emit: 'missed', reason: 'malformed', detail }
    }
    reached = Math.max(reached, end)
  }
}
