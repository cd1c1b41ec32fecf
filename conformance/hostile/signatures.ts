import { TREE_LIMITS } from '../../src/scan/limits.ts'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { imageParts, unload } from '../../src/runtime/image.ts'
import { buildImage, DatabaseError } from '../../src/runtime/index.ts'
import { CASES } from '../agreement/cases.ts'
import { Random } from '../agreement/random.ts'
import { mutate, mutateLine } from './mutate.ts'

export interface SignatureTrial {
  readonly files: number
  /** Files of which nothing could be used. */
  readonly empty: number
  readonly signatures: number
  readonly problems: number
  /** Anything else than a database or a DatabaseError. */
  readonly wrong: readonly string[]
}

const LINES_PER_FILE = 12
const GOOD = 'Good.Marker:0:*:676f6f642d6d61726b6572'

/** Compiles `total` files of mutated lines, each with a good line at its end, and scans mutated content with some. */
export function mutatedSignatures(total: number, seed: string): SignatureTrial {
  const random = new Random(seed)
  const folder = mkdtempSync(join(tmpdir(), 'lazaret-hostile-'))
  const lines = CASES.flatMap(one =>
    Object.entries(one.database).flatMap(([name, list]) => list.map(line => ({ name, line }))),
  )
  const trial = { files: 0, empty: 0, signatures: 0, problems: 0, wrong: [] as string[] }
  for (let i = 0; i < total; i++) {
    const { name } = random.pick(lines)
    const extension = name.split('.').at(-1) ?? 'ndb'
    const fitting = lines.filter(one => one.name.endsWith(extension))
    const text = Array.from({ length: LINES_PER_FILE }, () => mutateLine(random, random.pick(fitting).line)).join('\n')
    const path = join(folder, `file.${extension}`)
    const good = join(folder, 'good.ndb')
    mkdirSync(folder, { recursive: true })
    writeFileSync(path, text, 'latin1')
    writeFileSync(good, `${GOOD}\n`)
    compile(folder, [path, good], i % 20 === 0 ? random : undefined, trial)
  }
  rmSync(folder, { recursive: true, force: true })
  return trial
}

type Counts = { files: number; empty: number; signatures: number; problems: number; wrong: string[] }

function compile(folder: string, paths: readonly string[], random: Random | undefined, trial: Counts): void {
  trial.files++
  const output = join(folder, 'image.lzdb')
  try {
    const files = paths.map(path => ({ path, name: path.split('/').at(-1) ?? path }))
    const { meta, problems } = buildImage({ files, output, unwanted: true })
    trial.signatures += meta.signatures
    trial.problems += problems.length
    if (random === undefined) return
    const loaded = imageParts.load(output, 1)
    const thread = imageParts.createThread(loaded.shared, 0, { tree: TREE_LIMITS })
    for (let i = 0; i < 10; i++) {
      thread.scan({
        name: 'x',
        content: mutate(random, true),
        allMatches: true,
        deadlineMs: performance.now() + 10_000,
      })
    }
    const report = thread.scan({
      name: 'x',
      content: new TextEncoder().encode('a good-marker here'),
      allMatches: true,
      deadlineMs: Infinity,
    })
    if (report.verdict !== 'infected') trial.wrong.push('the good line behind the bad ones was lost')
    unload(loaded)
  } catch (error) {
    if (error instanceof DatabaseError) trial.empty++
    else trial.wrong.push((error as Error).stack ?? String(error))
  }
}
