import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { forge, type Specimen, type Variant } from './forge.ts'
import { peerNormalised, peerRaw, peerShallow, type FolderScanner } from './scanners.ts'
import { readSignature, type Signature } from './signature.ts'

/** Where both scanners do not say the same. */
export interface Difference {
  readonly signature: string
  readonly line: string
  readonly target: number
  readonly variant: Variant
  /** Detections of the peer and of Lazaret. */
  readonly peer: readonly string[]
  readonly ours: readonly string[]
  /** What the peer says when it is told not to look inside files. */
  readonly shallow: readonly string[]
  readonly content: Uint8Array
}

export interface Agreement {
  readonly signatures: number
  /** Signatures for which a positive was forged. */
  readonly forged: number
  /** Files compared, by variant. */
  readonly files: Readonly<Record<string, number>>
  /** Positives that the peer itself detects as that signature; the rest shows where the forge is too simple. */
  readonly confirmed: number
  /** Near misses that the peer does not detect as that signature. */
  readonly missed: number
  readonly agreed: number
  readonly differences: readonly Difference[]
  /** Signatures that took no part: reason → number. */
  readonly leftOut: ReadonlyMap<string, number>
}

/** Reads the signatures of files that can be forged, with why the others cannot. */
export function readSignatures(paths: readonly string[]): {
  signatures: Signature[]
  leftOut: Map<string, number>
  total: number
} {
  const signatures: Signature[] = []
  const leftOut = new Map<string, number>()
  let total = 0
  for (const path of paths) {
    for (const line of readFileSync(path, 'latin1').split(/\r?\n/)) {
      if (line === '' || line.startsWith('#')) continue
      total++
      try {
        signatures.push(readSignature(basename(path).split('.').at(-1) ?? '', line))
      } catch (error) {
        count(leftOut, (error as Error).message)
      }
    }
  }
  return { signatures, leftOut, total }
}

/** One run over a part of the signatures: small databases, because clamscan's time per file grows with its database. */
const CHUNK_SIGNATURES = 500
const TEXT_TARGET = 7

export interface AgreeOptions {
  /** Signature files. */
  readonly paths: readonly string[]
  /** Scratch folder; emptied. */
  readonly folder: string
  /** Absent: the peer alone, which validates the forge. */
  readonly ours?: FolderScanner
  /** Chunks at the same time. */
  readonly parallel?: number
  /** Which signatures files are forged for; all of them by default. */
  readonly isWanted?: (signature: Signature, index: number) => boolean
  /** Database folder to scan with instead of one with just the signatures of a chunk. */
  readonly database?: string
}

/** Forges files for signatures and compares both scanners on them, name by name. */
export async function agree(options: AgreeOptions): Promise<Agreement> {
  const { paths, folder, ours, parallel = 2, isWanted = () => true } = options
  const { signatures: all, leftOut, total } = readSignatures(paths)
  const wanted = all.filter(isWanted)
  const groups = [
    wanted.filter(({ target }) => target !== TEXT_TARGET),
    wanted.filter(({ target }) => target === TEXT_TARGET),
  ]
  const chunks = groups.flatMap((group, index) =>
    Array.from({ length: Math.ceil(group.length / CHUNK_SIGNATURES) }, (_, part) => ({
      part: `${index}-${part}`,
      signatures: group.slice(part * CHUNK_SIGNATURES, (part + 1) * CHUNK_SIGNATURES),
      peer: index === 0 ? peerRaw : peerNormalised,
    })),
  )
  const tally = {
    forged: 0,
    confirmed: 0,
    missed: 0,
    agreed: 0,
    files: {} as Record<string, number>,
    differences: [] as Difference[],
  }
  const next = async () => {
    for (let chunk = chunks.shift(); chunk !== undefined; chunk = chunks.shift()) {
      const place = join(folder, chunk.part)
      rmSync(place, { recursive: true, force: true })
      const specimens = chunk.signatures.flatMap(signature => forgeOrCount(signature, leftOut))
      tally.forged += new Set(specimens.map(specimen => specimen.signature.line)).size
      await compare(place, specimens, { peer: chunk.peer, ours, database: options.database }, tally)
      rmSync(place, { recursive: true, force: true })
    }
  }
  await Promise.all(Array.from({ length: parallel }, next))
  return { signatures: total, leftOut, ...tally }
}

function forgeOrCount(signature: Signature, leftOut: Map<string, number>): Specimen[] {
  try {
    return forge(signature)
  } catch (error) {
    count(leftOut, (error as Error).message)
    return []
  }
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

interface Tally {
  confirmed: number
  missed: number
  agreed: number
  readonly files: Record<string, number>
  readonly differences: Difference[]
}

interface Scanners {
  readonly peer: FolderScanner
  readonly ours: FolderScanner | undefined
  readonly database: string | undefined
}

async function compare(
  place: string,
  specimens: readonly Specimen[],
  { peer, ours, database: given }: Scanners,
  tally: Tally,
): Promise<void> {
  const { database: made, files, pathOf } = write(place, specimens)
  const database = given ?? made
  const byPeer = await peer(database, files)
  if (byPeer.refused) throw new Error(`clamscan refused its database:\n${byPeer.log.slice(-1000)}`)
  const byUs = ours === undefined ? byPeer : await ours(database, files)
  const different: number[] = []
  specimens.forEach(({ signature, variant }, index) => {
    const found = byPeer.names.get(pathOf(index)) ?? []
    const isFound = found.includes(signature.name)
    tally.files[variant] = (tally.files[variant] ?? 0) + 1
    if (variant === 'positive' && isFound) tally.confirmed++
    if (variant !== 'positive' && !isFound) tally.missed++
    if (found.join('\n') === (byUs.names.get(pathOf(index)) ?? []).join('\n')) tally.agreed++
    else different.push(index)
  })
  if (different.length === 0) return
  const again = write(
    place,
    different.map(index => specimens[index]),
  )
  const shallow = await peerShallow(database, again.files)
  different.forEach((index, position) => {
    const { signature, variant, content } = specimens[index]
    tally.differences.push({
      signature: signature.name,
      line: signature.line,
      target: signature.target,
      variant,
      peer: byPeer.names.get(pathOf(index)) ?? [],
      ours: byUs.names.get(pathOf(index)) ?? [],
      shallow: shallow.names.get(again.pathOf(position)) ?? [],
      content,
    })
  })
}

/** Writes the signatures once each and every file; the database of a second call is the first one's if it is there. */
function write(place: string, specimens: readonly Specimen[]) {
  const database = join(place, 'db')
  const files = join(place, `files-${specimens.length}`)
  mkdirSync(files, { recursive: true })
  try {
    mkdirSync(database)
    for (const extension of ['ndb', 'ldb'] as const) {
      const lines = specimens
        .filter(specimen => specimen.signature.extension === extension)
        .map(({ signature }) => signature.line)
      if (lines.length > 0)
        writeFileSync(join(database, `part.${extension}`), `${[...new Set(lines)].join('\n')}\n`, 'latin1')
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const pathOf = (index: number) => join(files, `${index}-${specimens[index].variant}`)
  specimens.forEach((specimen, index) => writeFileSync(pathOf(index), specimen.content))
  return { database, files, pathOf }
}
