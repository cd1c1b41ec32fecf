import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import type { SandboxTarget } from '../launch.ts'

/** An entry of a child as a bundle, as production has it: starts in a quarter of the time that the sources take. */
export async function bundled(entry: URL, memoryBytes = 256 << 20): Promise<SandboxTarget & Disposable> {
  const folder = mkdtempSync(join(tmpdir(), 'lazaret-sandbox-'))
  const outfile = join(folder, 'child.mjs')
  const entryPoints = [fileURLToPath(entry)]
  await build({ entryPoints, outfile, bundle: true, format: 'esm', platform: 'node', target: 'node24' })
  return {
    entry: outfile,
    readable: [outfile],
    memoryBytes,
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  }
}
