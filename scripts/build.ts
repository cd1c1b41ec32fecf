// Builds dist/: the kernels by AssemblyScript, then one bundle per process entry. What is up to date is left alone,
// so that `npm start` on a built checkout costs a few stat calls. Outputs appear by rename: a server that starts while
// somebody builds sees the old file or the new one, never half of one.

import { createHash } from 'node:crypto'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

interface Bundle {
  readonly entry: string
  readonly output: string
  /** `split`: what is imported dynamically lies in files of its own, and is read when it is needed. `compact`: one small
   * file to copy to other machines, minified, without a source map. */
  readonly form: 'plain' | 'split' | 'compact'
}

/** What one output was made from, kept beside the outputs. */
interface Stamp {
  readonly inputs: readonly string[]
  readonly key: string
}

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const DIST = join(ROOT, 'dist')
const STAMPS = join(DIST, '.stamps.json')
const CHUNK_PREFIX = 'part-'
const CHUNK_GRACE_MS = 3_600_000
const KERNEL_ENTRY = 'kernels/kernel.ts'
const KERNEL_OUTPUT = 'kernel.wasm'

const BUNDLES: readonly Bundle[] = [
  { entry: 'src/cli/main.ts', output: 'lazaret.js', form: 'split' },
  { entry: 'src/runtime/engine-main.ts', output: 'engine.js', form: 'plain' },
  { entry: 'src/runtime/engine-worker.ts', output: 'engine-worker.js', form: 'plain' },
  { entry: 'src/runtime/sandbox/child-main.ts', output: 'sandbox.js', form: 'plain' },
  { entry: 'src/runtime/build-main.ts', output: 'build.js', form: 'plain' },
  { entry: 'src/runtime/catalogue-thread.ts', output: 'catalogue-thread.js', form: 'plain' },
  { entry: 'src/store/sql/sqlite-thread.ts', output: 'ledger-thread.js', form: 'plain' },
  { entry: 'src/client/main.ts', output: 'lazaret-client.js', form: 'compact' },
]

/** Files that a package brings and a bundle looks for beside itself. */
const COPIES = [{ from: 'node_modules/7z-wasm/7zz.wasm', output: '7zz.wasm' }] as const

/** A change of any of these makes every output stale. */
const COMMON_INPUTS = ['scripts/build.ts', 'package.json', 'package-lock.json']

// The memory is imported and shared: one image and one window per thread, seen alike by kernels and TypeScript.
const KERNEL_FLAGS = [
  '--runtime', 'stub',
  '--importMemory',
  '--sharedMemory',
  '--initialMemory', '1',
  '--maximumMemory', '65536',
  '-O3',
  '--noAssert',
  '--enable', 'simd,relaxed-simd,threads,bulk-memory',
] // prettier-ignore

function describe(path: string): string {
  const stat = statSync(join(ROOT, path), { throwIfNoEntry: false })
  return stat === undefined ? `${path} missing` : `${path} ${stat.size} ${stat.mtimeMs}`
}

function keyOf(inputs: readonly string[]): string {
  const hash = createHash('sha256')
  for (const path of [...inputs, ...COMMON_INPUTS]) hash.update(`${describe(path)}\n`)
  return hash.digest('hex')
}

function readStamps(): Record<string, Stamp> {
  try {
    return JSON.parse(readFileSync(STAMPS, 'utf8')) as Record<string, Stamp>
  } catch {
    return {} // no build yet, or one that was cut short: build everything
  }
}

function replaceFile(path: string, content: Uint8Array | string): void {
  const temporary = `${path}.${process.pid}`
  writeFileSync(temporary, content)
  renameSync(temporary, path)
}

function isFresh(stamp: Stamp | undefined, output: string): boolean {
  return stamp !== undefined && existsSync(join(DIST, output)) && stamp.key === keyOf(stamp.inputs)
}

function buildKernel(): Stamp {
  const inputs = readdirSync(join(ROOT, 'kernels'))
    .filter(name => name.endsWith('.ts'))
    .map(name => `kernels/${name}`)
    .sort()
  const key = keyOf(inputs)
  const temporary = `dist/${KERNEL_OUTPUT}.${process.pid}`
  const compiler = join(ROOT, 'node_modules/assemblyscript/bin/asc.js')
  const argv = [compiler, KERNEL_ENTRY, '--outFile', temporary, ...KERNEL_FLAGS]
  const run = spawnSync(process.execPath, argv, { cwd: ROOT, stdio: 'inherit' })
  if (run.status !== 0) throw new Error(`asc could not compile ${KERNEL_ENTRY}; its messages are above`)
  renameSync(join(ROOT, temporary), join(DIST, KERNEL_OUTPUT))
  return { inputs, key }
}

/** Parts of earlier builds; a program that runs has read what it needs, but gets some time for what it may still want. */
function removeOldChunks(current: ReadonlySet<string>): void {
  for (const name of readdirSync(DIST)) {
    const path = join(DIST, name)
    if (!name.startsWith(CHUNK_PREFIX) || current.has(path)) continue
    if (Date.now() - statSync(path).mtimeMs > CHUNK_GRACE_MS) rmSync(path)
  }
}

async function buildBundle(bundle: Bundle): Promise<Stamp> {
  const { build } = await import('esbuild')
  const result = await build({
    absWorkingDir: ROOT,
    entryPoints: [{ in: bundle.entry, out: bundle.output.replace(/\.js$/, '') }],
    outdir: 'dist',
    chunkNames: `${CHUNK_PREFIX}[name]-[hash]`,
    bundle: true,
    // Written for `require`, which a bundle of modules does not have; they are installed beside it.
    external: ['fastify', '@fastify/*', 'pg'],
    format: 'esm',
    platform: 'node',
    target: 'node24',
    splitting: bundle.form === 'split',
    minify: bundle.form === 'compact',
    sourcemap: bundle.form === 'compact' ? false : 'linked',
    sourcesContent: false,
    legalComments: 'none',
    metafile: true,
    write: false,
    logLevel: 'warning',
  })
  // The entry comes last: it must not name a part that is not there yet.
  const entry = join(DIST, bundle.output)
  const last = (path: string): number => Number(path === entry)
  const files = result.outputFiles.toSorted((a, b) => last(a.path) - last(b.path))
  for (const file of files) replaceFile(file.path, file.contents)
  if (bundle.form === 'split') removeOldChunks(new Set(files.map(file => file.path)))
  const inputs = Object.keys(result.metafile.inputs).sort()
  return { inputs, key: keyOf(inputs) }
}

/** The bundle that everybody starts must at least start. */
function checkThatItRuns(): void {
  const run = spawnSync(process.execPath, [join(DIST, 'lazaret.js'), 'version'], { encoding: 'utf8' })
  if (run.status !== 0) throw new Error(`dist/lazaret.js does not run:\n${run.stderr}`)
}

async function main(): Promise<void> {
  mkdirSync(DIST, { recursive: true })
  const stamps = readStamps()
  const built: string[] = []
  const keep = (output: string, stamp: Stamp): void => {
    stamps[output] = stamp
    replaceFile(STAMPS, JSON.stringify(stamps))
    built.push(output)
  }
  if (!existsSync(join(ROOT, KERNEL_ENTRY))) console.error(`build: no ${KERNEL_ENTRY} yet, so no ${KERNEL_OUTPUT}`)
  else if (!isFresh(stamps[KERNEL_OUTPUT], KERNEL_OUTPUT)) {
    keep(KERNEL_OUTPUT, buildKernel())
  }
  for (const bundle of BUNDLES) {
    if (!existsSync(join(ROOT, bundle.entry))) console.error(`build: no ${bundle.entry} yet, so no ${bundle.output}`)
    else if (!isFresh(stamps[bundle.output], bundle.output)) {
      keep(bundle.output, await buildBundle(bundle))
    }
  }
  for (const { from, output } of COPIES) {
    if (isFresh(stamps[output], output)) continue
    replaceFile(join(DIST, output), readFileSync(join(ROOT, from)))
    keep(output, { inputs: [from], key: keyOf([from]) })
  }
  if (built.length === 0) return
  checkThatItRuns()
  console.error(`build: ${built.join(', ')}`)
}

try {
  await main()
} catch (error) {
  console.error(`build: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
