import { ContentError, ParseError } from '../bytes/index.ts'
import type {
  ChildContent,
  ChildEmission,
  Component,
  ComponentContext,
  ComponentInput,
  Emission,
  MissedEmission,
} from './component.ts'

// Drives one component over one artifact and keeps it within its budget. Used on both sides of the sandbox's wall.

/** Everything but content. */
export type ChildHead = Omit<ChildEmission, 'content'>
export type PlainEmission = Exclude<Emission, ChildEmission>

/** Where emissions go. Content comes between child() and childEnd(), in pieces that are borrowed for the call. */
export interface EmissionSink {
  emission(emission: PlainEmission): void
  /** False: its content is not wanted. */
  child(head: ChildHead): boolean
  /** False: the rest of this child is not wanted. */
  data(piece: Uint8Array): boolean
  childEnd(): void
}

/** Looks at the clock after this many bytes of content. */
const CLOCK_BYTES = 1 << 20

/** Thrown inside, caught by runComponent. */
class OutOfBudget extends Error {}

class Run {
  readonly #context: ComponentContext
  readonly #sink: EmissionSink
  readonly #deadlineMs: number
  #children = 0
  #outputBytes = 0
  #sinceClockBytes = 0

  constructor(context: ComponentContext, sink: EmissionSink) {
    this.#context = context
    this.#sink = sink
    this.#deadlineMs = performance.now() + context.budget.timeMs
  }

  allNow(emissions: Iterable<Emission>): void {
    for (const emission of emissions) {
      this.#checkClock()
      if (emission.emit !== 'child') this.#sink.emission(emission)
      else this.#childNow(emission)
    }
  }

  async all(emissions: AsyncIterable<Emission>): Promise<void> {
    for await (const emission of emissions) {
      this.#checkClock()
      if (emission.emit !== 'child') this.#sink.emission(emission)
      else if (isNow(emission.content)) this.#childNow(emission)
      else await this.#childLater(emission)
    }
  }

  #childNow({ content, ...head }: ChildEmission): void {
    if (!this.#begin(head)) return
    if (!isNow(content)) throw new TypeError(`${head.name}: content of a synchronous component that comes later`)
    try {
      if (content instanceof Uint8Array) this.#piece(content)
      else for (const piece of content) if (!this.#piece(piece)) break
    } catch (error) {
      this.#broken(head, error)
    } finally {
      this.#sink.childEnd()
    }
  }

  async #childLater({ content, ...head }: ChildEmission): Promise<void> {
    if (!this.#begin(head)) return
    try {
      for await (const piece of content as AsyncIterable<Uint8Array>) if (!this.#piece(piece)) break
    } catch (error) {
      this.#broken(head, error)
    } finally {
      this.#sink.childEnd()
    }
  }

  #begin(head: ChildHead): boolean {
    if (++this.#children > this.#context.budget.children) {
      this.#missed({ reason: 'too-large', detail: `More than ${this.#context.budget.children} members` })
      throw new OutOfBudget()
    }
    return this.#sink.child(head)
  }

  /** What came before the error stays. @throws what is a fault of the component */
  #broken(head: ChildHead, error: unknown): void {
    const missed = missedBy(error)
    if (missed === undefined) throw error
    this.#sink.emission({ ...missed, member: head.name })
  }

  #piece(piece: Uint8Array): boolean {
    this.#outputBytes += piece.length
    if (this.#outputBytes > this.#context.budget.outputBytes) {
      this.#missed({ reason: 'too-large', detail: `More than ${this.#context.budget.outputBytes} bytes came out` })
      throw new OutOfBudget()
    }
    this.#sinceClockBytes += piece.length
    if (this.#sinceClockBytes >= CLOCK_BYTES) this.#checkClock()
    return this.#sink.data(piece)
  }

  #checkClock(): void {
    this.#sinceClockBytes = 0
    if (performance.now() <= this.#deadlineMs) return
    this.#missed({ reason: 'time', detail: `Taking it apart takes more than ${this.#context.budget.timeMs} ms` })
    throw new OutOfBudget()
  }

  #missed(missed: Omit<MissedEmission, 'emit'>): void {
    this.#sink.emission({ emit: 'missed', ...missed })
  }
}

/** What an error in the middle of content means for the result; undefined where it is a fault of the component. */
function missedBy(error: unknown): MissedEmission | undefined {
  if (error instanceof ContentError) return { emit: 'missed', reason: error.reason, detail: error.message }
  if (error instanceof ParseError) return { emit: 'missed', reason: 'malformed', detail: error.message }
  return undefined
}

const isNow = (content: ChildContent): content is Uint8Array | Iterable<Uint8Array> =>
  content instanceof Uint8Array || Symbol.iterator in content

/** Answers an error that ends a component. @throws what is a fault of the component */
function ended(error: unknown, sink: EmissionSink): void {
  if (error instanceof OutOfBudget) return
  const missed = missedBy(error)
  if (missed === undefined) throw error
  sink.emission(missed)
}

/**
 * Runs a component to its end, or to the end of its budget, which is a `missed` emission then.
 * @throws whatever is a fault of the component itself
 */
export async function runComponent(
  component: Component,
  input: ComponentInput,
  context: ComponentContext,
  sink: EmissionSink,
): Promise<void> {
  const run = new Run(context, sink)
  try {
    const emissions = component.process(input, context)
    if (Symbol.iterator in emissions) run.allNow(emissions)
    else await run.all(emissions)
  } catch (error) {
    ended(error, sink)
  }
}

/** The same without a turn of the event loop, for components that are synchronous. @throws TypeError for others */
export function runComponentNow(
  component: Component,
  input: ComponentInput,
  context: ComponentContext,
  sink: EmissionSink,
): void {
  try {
    const emissions = component.process(input, context)
    if (!(Symbol.iterator in emissions)) throw new TypeError(`${component.manifest.name} is not synchronous`)
    new Run(context, sink).allNow(emissions)
  } catch (error) {
    ended(error, sink)
  }
}
