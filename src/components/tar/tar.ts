import { expandSparse, readTar } from '../../formats/index.ts'
import type { TarMember } from '../../formats/index.ts'
import type { Component, ComponentInput, Emission } from '../../scan/index.ts'
import { countProperty, cutMember, gapEmissions } from '../archive-emissions.ts'

/** Tar archives: one child for each member with data, by every reading that tools have of the archive. */
export const tarComponent: Component = {
  manifest: {
    name: 'tar',
    version: '1',
    description: 'Takes tar archives apart: version 7, ustar, pax, GNU and star, with sparse files',
    accepts: ['tar', 'tar-old'],
    stage: 'extract',
  },
  process: takeApart,
}

/** A member that goes on from, or in, another volume. */
const CONTINUED = 'M'

function* takeApart({ bytes }: ComponentInput): Generator<Emission> {
  const specials = { link: 0, other: 0 }
  for (const item of readTar(bytes)) {
    switch (item.kind) {
      case 'member':
        yield* member(item)
        break
      case 'special':
        specials[item.typeFlag === '1' || item.typeFlag === '2' ? 'link' : 'other']++
        break
      case 'gap':
        yield* gapEmissions('tar', bytes, item)
        break
      case 'ambiguous':
        yield { emit: 'anomaly', code: 'ambiguous', detail: item.detail, offset: item.offset }
        break
      case 'damaged':
        yield { emit: 'anomaly', code: 'tar.damaged', detail: item.detail, offset: item.offset }
        yield { emit: 'missed', reason: 'malformed', detail: `${item.detail} (offset ${item.offset})` }
        break
    }
  }
  yield* countProperty('tar.links', specials.link)
}

function* member(entry: TarMember): Generator<Emission> {
  const { name, data, sparse, typeFlag } = entry
  if (typeFlag === CONTINUED) {
    const detail = 'The start of this member lies in another volume; scan the volumes joined'
    yield { emit: 'missed', reason: 'malformed', detail, member: name }
  }
  if (sparse === undefined) yield { emit: 'child', name, content: data }
  else {
    const { content, skippedBytes, missingBytes, rest, isOrdered } = expandSparse(data, sparse)
    const properties = [{ name: 'tar.sparse', value: String(sparse.realSize) }]
    if (skippedBytes > 0) properties.push({ name: 'tar.sparse.skipped', value: String(skippedBytes) })
    yield { emit: 'child', name, content, properties }
    if (rest.some(byte => byte !== 0)) yield { emit: 'child', name: `${name}:rest`, content: rest }
    if (!isOrdered)
      yield { emit: 'anomaly', code: 'tar.sparse', detail: 'Pieces of a sparse member overlap', offset: entry.offset }
    if (missingBytes > 0 && entry.missingBytes === 0) yield cutMember(name, missingBytes)
  }
  if (entry.missingBytes > 0) yield cutMember(name, entry.missingBytes)
}
