import type { FileType } from '../formats/index.ts'
import type { Relation } from '../report/index.ts'
import type { Findings } from './findings.ts'
import type { FlatResult } from './flat.ts'
import { Place } from './place.ts'

// One artifact of a tree while it is scanned, and the list of all of them.

export interface Node {
  readonly id: number
  readonly parent: Node | undefined
  readonly relation: Relation
  readonly name: string
  readonly size: number
  readonly depth: number
  readonly type: FileType
  /** Absent for views, and for the root until something needs it. */
  sha256: string | undefined
  readonly findings: Findings
  /** Where its members lie. */
  readonly inside: Place
  /** It only looks like a file: if it is none, nothing is missed. False as soon as something came out of it. */
  guess: boolean
  /** An earlier artifact with the same content in the same kind of place. */
  twin: Node | undefined
}

/** What is known of an artifact before it is matched. */
export interface NodeHead {
  readonly relation: Relation
  readonly name: string
  readonly size: number
  readonly guess?: boolean
}

/** All artifacts of a tree: parents before children, each content known again where it comes once more. */
export class NodeList {
  readonly all: Node[] = []
  readonly #identifiesRoot: boolean
  readonly #outermost = new Place()

  /** @param identifiesRoot - the root's digest is wanted also where no signature needs it */
  constructor(identifiesRoot: boolean) {
    this.#identifiesRoot = identifiesRoot
  }

  add(parent: Node | undefined, head: NodeHead, findings: Findings, { type, digests }: FlatResult): Node {
    const { relation, name, size, guess = false } = head
    const sha256 = relation === 'view' ? undefined : this.#identityOf(parent, digests)
    const place = parent?.inside ?? this.#outermost
    const node: Node = {
      id: this.all.length,
      parent,
      relation,
      name,
      size,
      depth: parent === undefined ? 0 : parent.depth + 1,
      type,
      sha256,
      findings,
      guess,
      inside: place.inside(type),
      twin: undefined,
    }
    const first = sha256 === undefined ? node : place.firstOf(node, sha256)
    if (first !== node) node.twin = first
    this.all.push(node)
    return node
  }

  #identityOf(parent: Node | undefined, digests: FlatResult['digests']): string | undefined {
    return parent !== undefined || this.#identifiesRoot ? digests.sha256 : digests.knownSha256
  }
}

/** The same content lies around it. */
export function isInside({ sha256, parent }: Node): boolean {
  for (let above = parent; above !== undefined; above = above.parent)
    if (above.sha256 !== undefined && above.sha256 === sha256) return true
  return false
}
