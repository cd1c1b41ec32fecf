import type { FlatScanner } from './flat.ts'
import type { TreeLimits } from './limits.ts'
import type { Shelf } from './shelf.ts'
import type { Planner, Unpacker } from './unpacker.ts'

/** What a tree needs of its thread. */
export interface TreeHost {
  readonly flat: FlatScanner
  /** Where members are put together and matched. */
  readonly window: Uint8Array
  /** Where content is kept that waits. */
  readonly shelf: Shelf
  readonly unpacker: Unpacker | undefined
  readonly planner: Planner
  readonly limits: TreeLimits
  /** Crashes of components, by component and content; outlives one tree. */
  readonly crashes: CrashCounter
}

export interface CrashCounter {
  /** @returns crashes so far, this one included */
  count(key: string): number
  of(key: string): number
  /** It was run without a crash. */
  forget(key: string): void
  readonly isEmpty: boolean
}
