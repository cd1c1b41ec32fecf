import { zlibInflate } from '../../codecs/index.ts'
import { readSisPackage } from '../../formats/index.ts'
import type { Component, ComponentInput, Emission } from '../../scan/index.ts'
import { cutMember } from '../archive-emissions.ts'

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
  let files = 0
  for (const { name, data, missingBytes, isCompressed } of readSisPackage(bytes)) {
    files++
    yield { emit: 'child', name, content: isCompressed ? zlibInflate(data, 0) : data }
    if (missingBytes > 0) yield cutMember(name, missingBytes)
  }
  if (files === 0) yield { emit: 'missed', reason: 'malformed', detail: 'No file was found in the package' }
}
