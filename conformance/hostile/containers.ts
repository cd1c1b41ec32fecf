import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect, type LazaretClient } from '../../src/client/index.ts'
import { judge, type Judgement } from '../../src/components/testing/judge.ts'
import { mutant, type Mutant } from '../../src/components/testing/mutants.ts'
import { SEEDS, type Seed } from '../../src/components/testing/seeds.ts'
import type { Report } from '../../src/report/index.ts'
import { Random } from '../agreement/random.ts'
import { samples } from '../archives/corpus.ts'

// Damaged containers through the sandboxes of a running server: those of the tests, ClamAV's test files and other
// projects' archives, 7-Zip's formats among them.

const TESTFILES = '/usr/share/clamav-testfiles'
/** clam.exe: every test file holds it. */
const CLAM_BYTES = 544
/** Larger ones are mostly the same again, and slow. */
const MAX_SEED_BYTES = 200_000
const IN_FLIGHT = 8
const MAX_SHOWN = 60
/** A scan that takes longer hangs. */
const MAX_MS = 2000
/** The machine may be busy with other scans. */
const MAX_BUSY_MS = MAX_MS * IN_FLIGHT

export interface ContainersTrial {
  readonly scans: number
  readonly counts: Readonly<Record<string, number>>
  readonly faults: readonly string[]
  readonly slowestMs: number
  readonly slow: readonly string[]
}

interface Source {
  readonly seed: Seed
  /** The builder knows where the payload is: a clean verdict can be judged. Otherwise it only must be an answer. */
  readonly isKnown: boolean
}

/** A file of unknown inner layout. */
const foreign = (name: string, bytes: Uint8Array): Source => ({
  seed: { name, bytes: Uint8Array.from(bytes), payload: bytes, encoded: bytes, layers: [] },
  isKnown: false,
})

/** Everything that mutants are made of. */
export function sources(): readonly Source[] {
  const own = SEEDS.map(seed => ({ seed, isKnown: true }))
  const clam = readdirSync(TESTFILES).map(name => foreign(name, readFileSync(join(TESTFILES, name))))
  const others = [...samples('libarchive', 'libzip', 'rar', 'sevenzip')].map(({ name, content }) =>
    foreign(name, content),
  )
  return [...own, ...clam, ...others].filter(
    ({ seed: { bytes } }) => bytes.length > CLAM_BYTES / 10 && bytes.length <= MAX_SEED_BYTES,
  )
}

/** `total` mutants over the native protocol, half of them of the tests' own containers. */
export async function mutatedContainers(
  address: string,
  total: number,
  name: string,
  progress?: (done: number) => void,
): Promise<ContainersTrial> {
  const client = await connect(address)
  const all = sources()
  const known = all.filter(({ isKnown }) => isKnown)
  const seeds = all.map(({ seed }) => seed)
  const sound = new Map<Seed, Report>()
  for (const { seed } of known) sound.set(seed, await scan(client, seed.name, seed.bytes))
  const random = new Random(name)
  const next = (below: number) => random.below(below)
  const counts: Record<string, number> = {}
  const faults: string[] = []
  const slow: string[] = []
  let slowestMs = 0
  let started = 0
  const worker = async () => {
    while (started < total) {
      started++
      if (started % 10_000 === 0) progress?.(started)
      const { seed, isKnown } = random.pick(next(2) === 0 ? known : all)
      const one = mutant(seed, seeds, next)
      const startedAt = performance.now()
      const { judgement, detail } = await answered(client, one, isKnown ? sound.get(seed) : undefined)
      const elapsedMs = performance.now() - startedAt
      slowestMs = Math.max(slowestMs, elapsedMs)
      counts[judgement] = (counts[judgement] ?? 0) + 1
      const what = `${seed.name}: ${one.how}: ${detail}, ${Math.round(elapsedMs)} ms`
      if (elapsedMs > MAX_BUSY_MS) faults.push(`slow: ${what}`)
      else if (elapsedMs > MAX_MS && slow.length < MAX_SHOWN) slow.push(what)
      if (judgement === 'fault' || judgement === 'wrong clean') faults.push(what)
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  client.close()
  return { scans: started, counts, faults, slowestMs, slow }
}

const scan = (client: LazaretClient, name: string, content: Uint8Array): Promise<Report> =>
  client.scan({ name, content, options: { allMatches: true } })

async function answered(
  client: LazaretClient,
  one: Mutant,
  sound: Report | undefined,
): Promise<{ judgement: Judgement | 'clean'; detail: string }> {
  try {
    const report = await scan(client, one.seed.name, one.bytes)
    const judgement = sound === undefined ? withoutKnowledge(report) : judge(one, report, sound)
    const crashed = report.artifacts.flatMap(({ notSeen }) => notSeen).find(({ reason }) => reason === 'crashed')
    return { judgement, detail: crashed === undefined ? judgement : `crashed: ${crashed.detail}` }
  } catch (error) {
    return { judgement: 'fault', detail: (error as Error).message }
  }
}

function withoutKnowledge({ verdict, artifacts }: Report): Judgement | 'clean' {
  if (artifacts.some(({ notSeen }) => notSeen.some(({ reason }) => reason === 'crashed'))) return 'fault'
  return verdict === 'infected' || verdict === 'unscannable' || verdict === 'clean' ? verdict : 'fault'
}
