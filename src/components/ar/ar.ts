import { readAr } from '../../formats/index.ts'
import type { Component, ComponentInput, Emission } from '../../scan/index.ts'
import { countProperty, cutMember, gapChild } from '../archive-emissions.ts'

/** Ar archives: static libraries and Debian packages. */
export const arComponent: Component = {
  manifest: {
    name: 'ar',
    version: '1',
    description: 'Takes ar archives apart: Debian packages and static libraries',
    accepts: ['ar', 'deb'],
    stage: 'extract',
  },
  process: takeApart,
}

function* takeApart({ bytes }: ComponentInput): Generator<Emission> {
  let references = 0
  for (const item of readAr(bytes)) {
    if (item.kind === 'reference') references++
    else if (item.kind === 'gap') {
      const detail = `${item.end - item.offset} bytes at offset ${item.offset} belong to no member`
      yield gapChild(bytes, item.offset, item.end)
      yield { emit: 'anomaly', code: 'ar.damaged', detail, offset: item.offset }
      yield { emit: 'missed', reason: 'malformed', detail }
    } else if (item.kind === 'member') {
      yield { emit: 'child', name: item.name, content: item.data }
      if (item.missingBytes > 0) yield cutMember(item.name, item.missingBytes)
    }
  }
  yield* countProperty('ar.references', references)
}
