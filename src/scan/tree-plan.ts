import { typeByName, type FileType, type FileTypeName } from '../formats/index.ts'
import type { ComponentManifest } from './component.ts'
import type { TreeHost } from './tree-host.ts'
import { isInside, type Node } from './tree-node.ts'
import type { Waiting } from './tree-waiting.ts'

// Which components an artifact of a tree is given to, and why to none.

/** Types whose normal form is matched by the thread itself where it can, and the component that does it elsewhere. */
const NORMALISED: ReadonlySet<string> = new Set(['text', 'text-utf8'])
const NORMALISER = 'text-normalise'

export class TreePlan {
  readonly #host: Pick<TreeHost, 'limits' | 'planner' | 'unpacker' | 'window'>

  constructor(host: Pick<TreeHost, 'limits' | 'planner' | 'unpacker' | 'window'>) {
    this.#host = host
  }

  /** What is to take an artifact apart; where nothing may, it is said why. @param marks - what was found in it */
  of(node: Node, content: Uint8Array, marks: readonly string[]): readonly ComponentManifest[] {
    const { type, findings } = node
    if (findings.trusted || content.length === 0 || node.relation === 'view') return []
    const { limits } = this.#host
    const plan = this.#forType(type, marks)
    if (type.container && !plan.some(({ stage }) => stage === 'extract'))
      findings.missed(
        'unsupported',
        `The content of ${type.description} is not taken apart yet; only its raw bytes were matched`,
      )
    if (plan.length === 0) return []
    if (isInside(node)) findings.missed('too-deep', 'It contains itself; what is inside of it was looked at once')
    else if (content.length > limits.maxUnpackBytes)
      findings.missed('too-large', `Only content of up to ${limits.maxUnpackBytes} bytes is taken apart`)
    else if (node.twin === undefined) return plan
    return []
  }

  /** Whether the thread itself matches the normal form of an artifact, and no component is needed for it. */
  isNormalisedHere(type: FileType, content: Uint8Array): boolean {
    return NORMALISED.has(type.name) && content.length <= this.#host.window.length
  }

  /** What only looked like a file hides what lies behind its beginning: it is looked through as the data that it is. */
  asData({ plan }: Waiting): readonly ComponentManifest[] {
    // Marks were not looked for in what it seemed to be.
    const marks = (this.#host.unpacker?.manifests ?? []).flatMap(manifest => manifest.marks ?? [])
    return [...plan, ...this.#forType(typeByName('data'), marks).filter(manifest => !plan.includes(manifest))]
  }

  #forType(type: FileType, marks: readonly string[]): readonly ComponentManifest[] {
    const { planner, unpacker } = this.#host
    return unpacker === undefined ? [] : planner.plan(type.name as FileTypeName, marks)
  }
}

/** The components of a plan beside the one whose work the thread does itself. */
export const withoutNormaliser = (plan: readonly ComponentManifest[]): readonly ComponentManifest[] =>
  plan.filter(({ name }) => name !== NORMALISER)
