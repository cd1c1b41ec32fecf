import { identify } from '../../formats/index.ts'
import type { FileTypeName } from '../../formats/index.ts'
import { componentCrypto } from '../../runtime/component-crypto.ts'
import { DEFAULT_COMPONENT_BUDGET, runComponent } from '../../scan/index.ts'
import type { ChildHead, Component, ComponentBudget, PlainEmission } from '../../scan/index.ts'

// Runs a component in the process of a test and keeps everything that it says.

export interface CollectedChild extends ChildHead {
  readonly bytes: Uint8Array
}

export interface Collected {
  readonly children: readonly CollectedChild[]
  /** Everything but children, in order. */
  readonly emissions: readonly PlainEmission[]
}

export interface CollectOptions {
  readonly type?: FileTypeName
  readonly name?: string
  readonly passwords?: readonly string[]
  readonly options?: Readonly<Record<string, boolean | number | string>>
  readonly budget?: Partial<ComponentBudget>
}

/** Runs `component` over `bytes`; the type is identified where none is given. */
export async function collect(component: Component, bytes: Uint8Array, how: CollectOptions = {}): Promise<Collected> {
  const { manifest } = component
  const children: CollectedChild[] = []
  const emissions: PlainEmission[] = []
  let head: ChildHead | undefined
  let pieces: Uint8Array[] = []
  const declared = (manifest.options ?? []).map(option => [option.name, option.default] as const)
  const context = {
    passwords: how.passwords ?? [],
    options: { ...Object.fromEntries(declared), ...how.options },
    budget: { ...DEFAULT_COMPONENT_BUDGET, ...manifest.budget, ...how.budget },
    crypto: componentCrypto,
  }
  const type = how.type ?? (identify(bytes).name as FileTypeName)
  await runComponent(component, { bytes, type, name: how.name ?? '' }, context, {
    emission: emission => void emissions.push(emission),
    child: next => {
      head = next
      pieces = []
      return true
    },
    data: piece => {
      pieces.push(piece.slice())
      return true
    },
    childEnd: () => {
      if (head !== undefined) children.push({ ...head, bytes: Buffer.concat(pieces) })
      head = undefined
    },
  })
  return { children, emissions }
}

/** Everything missed, as `reason member`. */
export const missedOf = ({ emissions }: Collected): readonly string[] =>
  emissions.flatMap(emission =>
    emission.emit === 'missed' ? [`${emission.reason} ${emission.member ?? ''}`.trim()] : [],
  )
