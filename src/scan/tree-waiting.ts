import type { ComponentManifest } from './component.ts'
import type { Shelf } from './shelf.ts'
import type { Node } from './tree-node.ts'

// Containers that wait to be taken apart, on an explicit stack, and their content.

/** Content that waits to be taken apart, of one submission. */
const MAX_WAITING_BYTES = 128 << 20

/** A container that waits, and how far it was already taken apart. */
export interface Waiting {
  readonly node: Node
  readonly content: Uint8Array
  plan: readonly ComponentManifest[]
  /** Place in the plan. */
  component: number
  /** Members and other emissions of that component that were already taken, and bytes of those members. */
  children: number
  emissions: number
  bytes: number
  /** What its first run was given: another one has to come to the same members. */
  passwords: readonly string[] | undefined
}

/** One component is through. */
export function toNextComponent(waiting: Waiting): void {
  waiting.component++
  waiting.children = 0
  waiting.emissions = 0
  waiting.bytes = 0
  waiting.passwords = undefined
}

export class WaitingStack {
  readonly #window: Uint8Array
  readonly #shelf: Shelf
  /** Memory of the submission itself, which is nobody's here. */
  readonly #borrowed: ArrayBufferLike
  readonly #stack: Waiting[] = []
  #bytes = 0

  constructor(window: Uint8Array, shelf: Shelf, borrowed: ArrayBufferLike) {
    this.#window = window
    this.#shelf = shelf
    this.#borrowed = borrowed
  }

  get top(): Waiting | undefined {
    return this.#stack.at(-1)
  }

  /** There is room for one more container to wait: always for the first of one, so that all of them get on. */
  hasRoom(container: Waiting): boolean {
    return this.#bytes < MAX_WAITING_BYTES || this.top === container
  }

  /** Puts a container on the stack. Memory of its content that is from the shelf goes back there from here. */
  push(node: Node, content: Uint8Array, plan: readonly ComponentManifest[]): Waiting {
    const kept = this.#keep(content, plan)
    this.#bytes += kept.length
    const waiting: Waiting = {
      node,
      content: kept,
      plan,
      component: 0,
      children: 0,
      emissions: 0,
      bytes: 0,
      passwords: undefined,
    }
    this.#stack.push(waiting)
    return waiting
  }

  /** False where it was taken away before. */
  remove(waiting: Waiting): boolean {
    const at = this.#stack.indexOf(waiting)
    if (at < 0) return false
    this.#stack.splice(at, 1)
    const { buffer, length } = waiting.content
    this.#bytes -= length
    if (buffer !== this.#borrowed) this.#shelf.give(buffer as SharedArrayBuffer)
    return true
  }

  /**
   * Content that outlives the window: in shared memory of its own, from which it goes to a sandbox without a copy.
   * The window itself is needed for the members.
   */
  #keep(content: Uint8Array, plan: readonly ComponentManifest[]): Uint8Array {
    const window = this.#window
    // Only what goes to a sandbox has to lie in shared memory.
    if (plan.every(({ place }) => place === 'engine'))
      return content.buffer === window.buffer ? content.slice() : content
    if (content.buffer instanceof SharedArrayBuffer && content.buffer !== window.buffer) return content
    const kept = new Uint8Array(this.#shelf.take(content.length), 0, content.length)
    kept.set(content)
    return kept
  }
}
