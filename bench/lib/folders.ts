import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

/** Where benchmarks keep what they make; safe to delete. */
export const SCRATCH = join(tmpdir(), 'lazaret-bench')

/** Shared data beside the repository: real signatures and the generator of full-size sets. */
export const SHARED = resolve(import.meta.dirname, '..', '..', '..', 'shared')

/** Real signatures are there. */
export const hasShared = existsSync(join(SHARED, 'signatures', 'clamav', 'main.ldb'))

const SIGNATURE_FILE = /\.(?:hdb|hsb|mdb|msb|ndb|ldb|fp|sfp|imp|ign2?)$/

/** A flat folder with links to the real signature files, for scanners that take one folder. */
export function realSet(): string {
  const folder = join(SCRATCH, 'real-set')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const root = join(SHARED, 'signatures')
  for (const path of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
    if (SIGNATURE_FILE.test(path)) symlinkSync(join(root, path), join(folder, path.split('/').at(-1) ?? path))
  }
  return folder
}

/** A generated set of `total` signatures with the official mix; made once. */
export function generatedSet(total: number): string {
  const folder = join(SCRATCH, `generated-${total}`)
  if (existsSync(join(folder, 'full.ldb.done'))) return folder
  execFileSync(process.execPath, [join(SHARED, 'bench', 'make-signatures.mjs'), folder, String(total)])
  mkdirSync(join(folder, 'full.ldb.done'))
  return folder
}
