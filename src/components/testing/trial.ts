import { createHash } from 'node:crypto'
import { ContentError, ParseError } from '../../bytes/index.ts'
import type { Component, Emission, EngineThread } from '../../scan/index.ts'
import type { Report } from '../../report/index.ts'
import { testEngine } from '../../scan/testing/harness.ts'
import { COMPONENTS } from '../registry.ts'
import { judge, type Judgement } from './judge.ts'
import { mutant, type Mutant } from './mutants.ts'
import type { Numbers } from './numbers.ts'
import { MARKER, type Seed, SEEDS } from './seeds.ts'

// Scans damaged containers in this process, with every component that runs without a sandbox.

/** A scan that takes longer hangs. */
const MAX_MS = 2000
const DEADLINE_MS = 10_000
const MAX_FAULTS = 40

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** Signatures of the marker and of every payload. */
export const signatures = (seeds: readonly Seed[] = SEEDS): Readonly<Record<string, string>> => {
  const contents = new Map(seeds.map(({ payload }) => [sha256(payload), payload.length]))
  const lines = [...contents].map(([digest, size], i) => `${digest}:${size}:Payload.${i}\n`)
  return { 'a.ndb': `Marker:0:*:${Buffer.from(MARKER).toString('hex')}\n`, 'a.hsb': lines.join('') }
}

export interface ContainerTrial {
  readonly counts: Readonly<Record<Judgement, number>>
  readonly slowestMs: number
  /** Wrong answers, with how to make them again. */
  readonly faults: readonly string[]
}

/** Thrown by components, which the pipeline answers by itself: kept here to be shown. */
let thrown: string | undefined

function watched(component: Component): Component {
  return {
    manifest: component.manifest,
    *process(input, context): Generator<Emission, void, void> {
      try {
        yield* component.process(input, context) as Iterable<Emission>
      } catch (error) {
        if (!(error instanceof ContentError) && !(error instanceof ParseError))
          thrown = `${component.manifest.name}: ${(error as Error).stack ?? String(error)}`
        throw error
      }
    },
  }
}

/** A thread that knows the payloads. */
export const hostileThread = (): EngineThread =>
  testEngine(signatures(), { components: COMPONENTS.map(watched) }).thread

const scan = (thread: EngineThread, content: Uint8Array) =>
  thread.scan({ name: 'x', content, allMatches: true, deadlineMs: performance.now() + DEADLINE_MS })

/** `count` mutants of each of `seeds`. */
export function trial(seeds: readonly Seed[], count: number, next: Numbers): ContainerTrial {
  const thread = hostileThread()
  const counts = { infected: 0, unscannable: 0, unrecognised: 0, changed: 0, gone: 0, 'wrong clean': 0, fault: 0 }
  const faults: string[] = []
  let slowestMs = 0
  for (const seed of seeds) {
    const sound = scan(thread, seed.bytes)
    for (let i = 0; i < count; i++) {
      const one = mutant(seed, SEEDS, next)
      thrown = undefined
      const startedAt = performance.now()
      const answer = answered(thread, one, sound)
      const elapsedMs = performance.now() - startedAt
      slowestMs = Math.max(slowestMs, elapsedMs)
      if (typeof answer === 'string') counts[answer]++
      const wrong = typeof answer !== 'string' || answer === 'fault' || answer === 'wrong clean'
      if ((wrong || elapsedMs > MAX_MS) && faults.length < MAX_FAULTS)
        faults.push(`${seed.name}: ${one.how}: ${String(thrown ?? answer)}, ${Math.round(elapsedMs)} ms`)
    }
  }
  return { counts, slowestMs, faults }
}

function answered(thread: EngineThread, one: Mutant, sound: Report): Judgement | Error {
  try {
    return judge(one, scan(thread, one.bytes), sound)
  } catch (error) {
    return error as Error
  }
}

/** The payload itself is found in an undamaged seed. */
export const isFound = (thread: EngineThread, { bytes }: Seed): boolean => scan(thread, bytes).verdict === 'infected'
