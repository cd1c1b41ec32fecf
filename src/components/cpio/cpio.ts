import { readCpio } from '../../formats/index.ts'
import type { CpioMember } from '../../formats/index.ts'
import type { Component, ComponentInput, Emission } from '../../scan/index.ts'
import { countProperty, cutMember, gapEmissions } from '../archive-emissions.ts'

/** Cpio archives, several behind each other, and what stands behind them (as in a Linux initramfs). */
export const cpioComponent: Component = {
  manifest: {
    name: 'cpio',
    version: '1',
    description: 'Takes cpio archives apart: binary, portable ASCII, SVR4 and afio, several in one file',
    accepts: ['cpio-old', 'cpio-odc', 'cpio-newc', 'cpio-crc'],
    stage: 'extract',
  },
  process: takeApart,
}

const FILE_TYPE = 0o170000
const REGULAR = 0o100000
const SYMBOLIC_LINK = 0o120000
/** The target of a link is no longer than a path, and has no zeros; what is longer is content. */
const MAX_LINK_BYTES = 4096

function* takeApart({ bytes }: ComponentInput): Generator<Emission> {
  let links = 0
  for (const item of readCpio(bytes)) {
    if (item.kind === 'gap') yield* gapEmissions('cpio', bytes, item)
    else if (item.kind === 'another') {
      const detail = 'Another archive stands behind the end of one: only some readers look at it'
      yield { emit: 'anomaly', code: 'ambiguous', detail, offset: item.offset }
    } else if (isLink(item)) links++
    else if (isFile(item)) yield* member(item)
  }
  yield* countProperty('cpio.links', links)
}

/** Symbolic links, and further names of a file, whose data stands with the last of them. */
function isLink({ mode, data, links, missingBytes }: CpioMember): boolean {
  const type = mode & FILE_TYPE
  if (type === SYMBOLIC_LINK)
    return data.length <= MAX_LINK_BYTES && missingBytes === 0 && !data.subarray(0, -1).includes(0)
  return type === REGULAR && links > 1 && data.length === 0 && missingBytes === 0
}

/** Everything with data, and files without. */
function isFile({ mode, data, missingBytes }: CpioMember): boolean {
  return data.length > 0 || missingBytes > 0 || (mode & FILE_TYPE) === REGULAR
}

function* member({ name, data, missingBytes, isIntact, offset }: CpioMember): Generator<Emission> {
  yield { emit: 'child', name, content: data }
  if (!isIntact) yield { emit: 'anomaly', code: 'cpio.checksum', detail: 'The checksum of a member is wrong', offset }
  if (missingBytes > 0) yield cutMember(name, missingBytes)
}
