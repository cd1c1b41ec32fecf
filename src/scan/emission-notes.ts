import type { Reason } from '../report/index.ts'
import type { MissedEmission } from './component.ts'
import type { Passwords } from './passwords.ts'
import type { PlainEmission } from './run-component.ts'
import type { TreeEnd } from './tree-end.ts'
import type { Node } from './tree-node.ts'

// What components say beside members, noted of the artifact that it is about. Of what only looks like a file, what was
// not seen is excused until something comes out of it.

/** Components may say so much about one artifact. */
const MAX_PROPERTIES = 256
/** Things not seen that are kept of what may be no file. */
const MAX_EXCUSED = 64

export class EmissionNotes {
  readonly #end: TreeEnd
  readonly #passwords: Passwords
  /** Guesses that were none. */
  readonly #broken = new Set<Node>()
  /** What would be missed of guesses if they were files after all. */
  readonly #excused = new Map<Node, MissedEmission[]>()

  constructor(end: TreeEnd, passwords: Passwords) {
    this.#end = end
    this.#passwords = passwords
  }

  note(node: Node, emission: PlainEmission): void {
    const { findings } = node
    switch (emission.emit) {
      case 'property':
        if (findings.properties.length < MAX_PROPERTIES) findings.property(emission.name, emission.value)
        return
      case 'anomaly':
        return findings.anomaly(emission.code, emission.detail, emission.offset)
      case 'section':
        return findings.section(emission.section)
      case 'missed':
        // The end of the whole budget was said already.
        if (this.#end.isReached && (emission.reason === 'too-large' || emission.reason === 'time')) return
        if (node.guess && isNoFile(emission.reason)) {
          this.#excuse(node, emission)
          return findings.anomaly('embedded-broken', emission.detail)
        }
        return findings.missed(emission.reason, emission.detail, emission.bytes, emission.member)
      case 'password':
        return this.#passwords.found(emission.password)
      case 'detection':
        return findings.detect(
          {
            name: emission.name,
            kind: 'heuristic',
            severity: emission.severity,
            source: { database: 'heuristics', line: 0 },
          },
          emission.offset,
          emission.length,
        )
    }
  }

  /** Something came out of it: it is a file, and what was not seen of it was missed. */
  isFile(node: Node): void {
    node.guess = false
    for (const { reason, detail, bytes, member } of this.#excused.get(node) ?? [])
      node.findings.missed(reason, detail, bytes, member)
    this.#excused.delete(node)
  }

  #excuse(node: Node, missed: MissedEmission): void {
    let others = this.#excused.get(node)
    if (others === undefined) this.#excused.set(node, (others = []))
    if (others.length < MAX_EXCUSED) others.push(missed)
    this.#broken.add(node)
  }

  /** Whether it was a guess that was none; told once. */
  takeBroken(node: Node): boolean {
    return this.#broken.delete(node)
  }
}

/** Reasons that content has which is not what it looked like. */
const isNoFile = (reason: Reason): boolean => reason === 'malformed' || reason === 'unsupported'
