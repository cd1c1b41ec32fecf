import { ContentError, ParseError } from '../../bytes/index.ts'
import { collected, zlibInflate } from '../../codecs/index.ts'
import { isPyz, pyInstallerPackages, pyzModules, type PyInstallerEntry, type PyzModule } from '../../formats/index.ts'
import type { Component, Emission } from '../../scan/index.ts'
import { cutMember } from '../archive-emissions.ts'

/** Largest PYZ archive that is unpacked as a whole; they are rarely compressed as such. */
const MAX_PYZ_BYTES = 256 << 20
const PYZ_KINDS: ReadonlySet<string> = new Set(['z', 'Z'])
/** Kinds of entries that hold no data: options, and references to another package. */
const EMPTY_KINDS: ReadonlySet<string> = new Set(['o', 'd'])

/** Programs made by PyInstaller. */
export const pyInstallerComponent: Component = {
  manifest: {
    name: 'pyinstaller',
    version: '1',
    description: 'Takes apart programs made by PyInstaller: their files and the modules of their PYZ archives',
    accepts: ['pe', 'elf', 'macho', 'data'],
    marks: ['pyinstaller'],
    stage: 'extract',
  },
  *process({ bytes }) {
    for (const { entries, isWhole } of pyInstallerPackages(bytes)) {
      for (const entry of entries) yield* entryOf(entry)
      if (isWhole) continue
      const detail = 'The table of contents of a PyInstaller package cannot be read to its end'
      yield { emit: 'missed', reason: 'malformed', detail }
    }
  },
}

function* entryOf(entry: PyInstallerEntry): Generator<Emission> {
  const { name, kind, data, isCompressed, missingBytes } = entry
  if (data.length === 0 && missingBytes === 0 && EMPTY_KINDS.has(kind)) return
  if (PYZ_KINDS.has(kind)) yield* pyz(entry)
  else yield { emit: 'child', name, content: isCompressed ? zlibInflate(data, 0) : data }
  if (missingBytes > 0) yield cutMember(name, missingBytes)
}

function* pyz({ name, data, isCompressed }: PyInstallerEntry): Generator<Emission> {
  const { bytes, fault } = isCompressed
    ? collected(zlibInflate(data, 0), MAX_PYZ_BYTES)
    : { bytes: data, fault: undefined }
  yield { emit: 'child', name, relation: 'view', content: bytes }
  const why = fault ?? (isPyz(bytes) ? yield* modules(name, bytes) : new ContentError('malformed', 'No PYZ archive'))
  if (why !== undefined) yield { emit: 'missed', reason: why.reason, detail: why.message, member: name }
}

/** Answers what is wrong with the archive. */
function* modules(archive: string, bytes: Uint8Array): Generator<Emission, ContentError | undefined> {
  let found: readonly PyzModule[]
  try {
    found = pyzModules(bytes)
  } catch (error) {
    if (error instanceof ContentError) return error
    if (!(error instanceof ParseError)) throw error
    return new ContentError('malformed', 'The table of a PYZ archive is cut short')
  }
  let encrypted = 0
  for (const { name, data, missingBytes } of found) {
    const member = `${archive}/${name}`
    if (data.length > 0 && !isZlib(data)) encrypted++
    else if (data.length > 0) yield { emit: 'child', name: member, content: zlibInflate(data, 0) }
    if (missingBytes > 0) yield cutMember(member, missingBytes)
  }
  return encrypted === 0 ? undefined : new ContentError('encrypted', `${encrypted} modules of it are encrypted`)
}

const isZlib = (data: Uint8Array): boolean =>
  data.length >= 2 && (data[0] & 0x0f) === 8 && ((data[0] << 8) | data[1]) % 31 === 0
