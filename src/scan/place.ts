import type { FileType } from '../formats/index.ts'
import type { Node } from './tree-node.ts'

/**
 * A kind of place in a tree: the types of the containers around it. All artifacts in places of one kind share it, so
 * that an artifact costs no list of its own. A tree has at most as many as it has containers.
 */
export class Place {
  /** ClamAV's type names, outermost first. */
  readonly containers: readonly string[]
  readonly #inside = new Map<string, Place>()
  readonly #files = new Map<string, Map<string, Node>>()

  constructor(containers: readonly string[] = []) {
    this.containers = containers
  }

  /** Where the members of an artifact lie that lies here itself. */
  inside({ clamType }: FileType): Place {
    let place = this.#inside.get(clamType)
    if (place === undefined) this.#inside.set(clamType, (place = new Place([...this.containers, clamType])))
    return place
  }

  /** The first artifact here with this content, type and standing; `node` if there was none. */
  firstOf(node: Node, sha256: string): Node {
    // Of a guess less is said than of a file.
    const kind = `${node.type.name} ${node.guess}`
    let files = this.#files.get(kind)
    if (files === undefined) this.#files.set(kind, (files = new Map()))
    const first = files.get(sha256)
    if (first === undefined) files.set(sha256, node)
    return first ?? node
  }
}
