import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run } from '../../bench/lib/run.ts'
import type { Case } from './case.ts'

/** What a scanner said: names per file (path → sorted names without the suffix), or that it refused the database. */
export interface ScanOutcome {
  readonly names: ReadonlyMap<string, readonly string[]>
  readonly refused: boolean
  readonly log: string
}

/** Options with which ClamAV looks only at what raw matching looks at, as far as its options allow. */
export const CLAMSCAN_OPTIONS = ['--no-summary', '--infected', '--allmatch', '--max-scantime=0'] as const

/** Reads clamscan's lines `path: name FOUND`. */
export function readFound(stdout: string): Map<string, string[]> {
  const names = new Map<string, string[]>()
  for (const line of stdout.split('\n')) {
    const found = /^(.*?): (.+) FOUND$/.exec(line)
    if (found === null) continue
    const list = names.get(found[1]) ?? []
    const name = found[2].replace(/\.UNOFFICIAL$/, '')
    if (!list.includes(name)) list.push(name)
    names.set(found[1], list)
  }
  for (const list of names.values()) list.sort()
  return names
}

/** Scans a folder or file with clamscan and a database folder or file. */
export async function clamscan(database: string, target: string, more: readonly string[] = []): Promise<ScanOutcome> {
  const { stdout, stderr, code } = await run('clamscan', [
    ...CLAMSCAN_OPTIONS,
    ...more,
    `--database=${database}`,
    '-r',
    target,
  ])
  return { names: readFound(stdout), refused: code === 2, log: stdout + stderr }
}

/** Writes a case into a folder of its own. */
export function writeCase(folder: string, one: Case): { database: string; content: string } {
  const database = join(folder, 'db')
  mkdirSync(database, { recursive: true })
  for (const [name, lines] of Object.entries(one.database)) {
    writeFileSync(join(database, name), lines.map(line => `${line}\n`).join(''), 'latin1')
  }
  const content = join(folder, 'content')
  writeFileSync(content, one.content)
  return { database, content }
}

/** What clamscan says about a case. */
export async function judge(one: Case): Promise<readonly string[] | 'refused'> {
  const folder = mkdtempSync(join(tmpdir(), 'lazaret-case-'))
  try {
    const { database, content } = writeCase(folder, one)
    const outcome = await clamscan(database, content)
    return outcome.refused ? 'refused' : (outcome.names.get(content) ?? [])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
