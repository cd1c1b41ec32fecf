import type { ComponentBudget, ComponentManifest } from './component.ts'
import { STAGES } from './component.ts'
import type { EmissionSink } from './run-component.ts'
import { typeByName, type FileTypeName } from '../formats/index.ts'

// What the pipeline asks of whoever runs components: a sandbox, or the process itself in tests.

/** One component, one artifact. */
export interface UnpackOrder {
  readonly component: string
  readonly type: FileTypeName
  readonly name: string
  readonly passwords: readonly string[]
  readonly options: Readonly<Record<string, boolean | number | string>>
  readonly budget: ComponentBudget
  /** Borrowed; in any memory. */
  readonly content: Uint8Array
}

/**
 * `crashed`: the component ended whoever ran it; `time`: it was ended at its budget's end; `unavailable`: nobody could
 * run it, which is no fault of the content.
 */
export type UnpackOutcome = 'done' | 'crashed' | 'time' | 'unavailable'

export interface Unpacker {
  /** Every component that can be run. */
  readonly manifests: readonly ComponentManifest[]
  /** Blocks until the component is through. Content may be overwritten once the sink has heard of the first child. */
  run(order: UnpackOrder, sink: EmissionSink): UnpackOutcome
}

/** Which components an artifact of a type is given to, in order. */
export class Planner {
  readonly #manifests: readonly ComponentManifest[]
  readonly #plans = new Map<string, readonly ComponentManifest[]>()

  constructor(manifests: readonly ComponentManifest[]) {
    this.#manifests = manifests.toSorted((a, b) => rank(a) - rank(b))
  }

  /** @param marks - what was found in the artifact */
  plan(type: FileTypeName, marks: readonly string[]): readonly ComponentManifest[] {
    let plan = this.#plans.get(type)
    if (plan === undefined) this.#plans.set(type, (plan = this.#manifests.filter(manifest => accepts(manifest, type))))
    return typeByName(type).container || plan.every(({ marks: needed }) => needed === undefined)
      ? plan
      : plan.filter(({ marks: needed }) => needed === undefined || needed.some(mark => marks.includes(mark)))
  }
}

/** By stage, and in each stage what runs in the thread first. */
const rank = ({ stage, place }: ComponentManifest): number => STAGES.indexOf(stage) * 2 + (place === 'engine' ? 0 : 1)

const accepts = ({ accepts: types, rejects = [] }: ComponentManifest, type: FileTypeName): boolean =>
  (types.includes(type) || types.includes('*')) && !rejects.includes(type)
