import { MAX_PIECE_BYTES } from './flat.ts'
import type { ChildHead, EmissionSink, PlainEmission } from './run-component.ts'
import type { Tree } from './tree.ts'
import type { Waiting } from './tree-waiting.ts'

/** A run of a component that is not wanted any more may end by itself if it has no more than this to say. */
const MAX_DRAINED_BYTES = 1 << 20

/** Thrown through whoever runs a component, to end a run whose rest is not wanted. */
export class RunStopped extends Error {}

/** The sink of one run of a component: puts members together, and passes over what an earlier run gave already. */
export class Members implements EmissionSink {
  readonly #tree: Tree
  readonly #waiting: Waiting
  #childrenSeen = 0
  #emissionsSeen = 0
  #head: ChildHead | undefined
  /** Where the member is put together: the window, or memory of its own for what is longer. */
  #target: Uint8Array
  #own: SharedArrayBuffer | undefined
  readonly #windowBytes: number
  #fill = 0
  #cut = false
  #drainedBytes = 0
  /** Members came for which there was no room: the component has to be run again. */
  passedOver = false

  constructor(tree: Tree, waiting: Waiting) {
    this.#tree = tree
    this.#waiting = waiting
    this.#target = tree.window
    this.#windowBytes = Math.min(tree.window.length, MAX_PIECE_BYTES)
  }

  emission(emission: PlainEmission): void {
    this.#emissionsSeen++
    if (this.passedOver || this.#emissionsSeen <= this.#waiting.emissions) return
    this.#waiting.emissions = this.#emissionsSeen
    this.#tree.note(this.#waiting.node, emission)
  }

  child(head: ChildHead): boolean {
    this.#head = undefined
    this.#childrenSeen++
    if (this.passedOver || this.#childrenSeen <= this.#waiting.children) return false
    if (!this.#tree.hasRoom(this.#waiting)) {
      this.passedOver = true
      return false
    }
    if (!this.#tree.admit(this.#waiting.node)) return this.#unwanted(0)
    this.#head = head
    this.#target = this.#tree.window
    this.#own = undefined
    this.#fill = 0
    this.#cut = false
    return true
  }

  data(piece: Uint8Array): boolean {
    if (this.#head === undefined || this.#cut) return this.#unwanted(piece.length)
    const need = this.#fill + piece.length
    const room = this.#own?.byteLength ?? this.#windowBytes
    // Views are as long as what they are of: nothing has expanded.
    const charged = this.#head.relation === 'view' ? 0 : piece.length
    if (!this.#tree.take(this.#waiting.node, charged, this.#fill)) return this.#unwanted(piece.length)
    if (need > room && !this.#grow(need)) {
      this.#cut = true
      return this.#unwanted(piece.length)
    }
    this.#target.set(piece, this.#fill)
    this.#fill = need
    return true
  }

  /** Memory of its own that grows in place: no content is there twice. */
  #grow(need: number): boolean {
    if (need > this.#tree.maxMemberBytes) return false
    if (this.#own === undefined) {
      const start = this.#target.subarray(0, this.#fill)
      this.#own = this.#tree.shelf.take(need, true)
      this.#target = new Uint8Array(this.#own)
      this.#target.set(start)
    } else this.#own.grow(need)
    return true
  }

  /** @throws RunStopped where nothing more is wanted, and the end is not near */
  #unwanted(bytes: number): false {
    this.#drainedBytes += bytes
    const isFar = this.#drainedBytes > MAX_DRAINED_BYTES
    // The member that was cut off is matched as far as it came before anything is given up.
    if (this.#head === undefined && (this.#tree.ended || (this.#tree.stopped && isFar))) throw new RunStopped()
    if (this.#head !== undefined && this.#tree.ended) {
      this.childEnd()
      throw new RunStopped()
    }
    return false
  }

  childEnd(): void {
    const head = this.#head
    if (head === undefined) return
    this.#head = undefined
    this.#waiting.children = this.#childrenSeen
    this.#waiting.bytes += this.#fill
    const own = this.#own
    this.#own = undefined
    const content = this.#target.subarray(0, this.#fill)
    const isKept = this.#tree.member(this.#waiting, head, this.#childrenSeen, content, this.#cut)
    if (own !== undefined && !isKept) this.#tree.shelf.give(own)
  }

  /** The run is over; a member without its end is as good as it gets. */
  close(): void {
    this.childEnd()
  }
}
