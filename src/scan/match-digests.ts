import { encodeHex } from '../bytes/index.ts'
import { importTable, type ExecutableLayout } from '../formats/index.ts'
import type { DigestLookup } from '../match/index.ts'
import { DIGESTS, type DigestName, type HashKind, type HashRecordView } from '../signatures/index.ts'
import type { EnginePorts } from './engine-thread.ts'
import type { Findings } from './findings.ts'
import { severityOf, unofficial } from './names.ts'

// Hash signatures. A digest is computed once, and only when some signature could match content of this size.
//
// Tried and dropped (2026-11), for the MD5 that two signatures of any size ask of every file, 1.25 ms/MB in OpenSSL:
// - four or eight files at once in WebAssembly SIMD: 0.68 and 0.52 ms/MB, but 2.7 and 4.1 for each file; with the sizes
//   of everyday, eight files ahead, that comes to 1.05 for ELF by calculation;
// - MD5 and prefilter in one loop: 1.5 ms/MB for ELF where one after the other takes 1.67, Windows programs 1.9 for 2.3.

/** Digests of one piece of content, computed when first asked for. */
export class ContentDigests {
  readonly #content: Uint8Array
  readonly #ports: EnginePorts
  readonly #known = new Map<DigestName, Uint8Array>()

  constructor(content: Uint8Array, ports: EnginePorts) {
    this.#content = content
    this.#ports = ports
  }

  get(name: DigestName): Uint8Array {
    let value = this.#known.get(name)
    if (value === undefined) this.#known.set(name, (value = this.#ports.digest(name, this.#content)))
    return value
  }

  /** The SHA-256 if something has asked for it before. */
  get knownSha256(): string | undefined {
    const value = this.#known.get('sha256')
    return value === undefined ? undefined : encodeHex(value)
  }

  get sha256(): string {
    return encodeHex(this.get('sha256'))
  }
}

function record(findings: Findings, found: readonly HashRecordView[]): void {
  for (const { name, database, line } of found)
    findings.detect({
      name: unofficial(name),
      kind: 'hash',
      severity: severityOf(name, false),
      source: { database, line },
    })
}

/** Looks one value up under every digest that has signatures of this kind and size. */
function lookUp(
  lookup: DigestLookup,
  kind: HashKind,
  size: number,
  digestOf: (name: DigestName) => Uint8Array,
): HashRecordView[] {
  return DIGESTS.flatMap(name => (lookup.wants(kind, name, size) ? lookup.find(kind, name, digestOf(name), size) : []))
}

/** The allow-list entry for this content, if there is one. */
export function findTrust(lookup: DigestLookup, digests: ContentDigests, size: number): HashRecordView | undefined {
  return lookUp(lookup, 'allow', size, name => digests.get(name))[0]
}

/** Whole-file signatures. */
export function matchFile(lookup: DigestLookup, digests: ContentDigests, size: number, findings: Findings): void {
  record(
    findings,
    lookUp(lookup, 'file', size, name => digests.get(name)),
  )
}

/** Signatures of PE sections and import tables. */
export function matchPe(
  lookup: DigestLookup,
  content: Uint8Array,
  layout: ExecutableLayout,
  ports: EnginePorts,
  findings: Findings,
): void {
  for (const { rawOffset, rawSize } of layout.sections) {
    if (findings.settled) return
    if (rawSize === 0) continue
    const bytes = content.subarray(rawOffset, rawOffset + rawSize)
    record(
      findings,
      lookUp(lookup, 'section', rawSize, name => ports.digest(name, bytes)),
    )
  }
  if (!findings.settled && DIGESTS.some(name => lookup.has('imports', name)))
    matchImports(lookup, content, ports, findings)
}

function matchImports(lookup: DigestLookup, content: Uint8Array, ports: EnginePorts, findings: Findings): void {
  const imports = importTable(content)
  if (imports === undefined) return
  const bytes = Uint8Array.from(imports.text, character => character.charCodeAt(0))
  record(
    findings,
    lookUp(lookup, 'imports', imports.size, name => ports.digest(name, bytes)),
  )
}
