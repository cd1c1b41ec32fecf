// Builds dist/client/: the compact client as one executable file for each platform, with Bun's compiler. The compilers
// come from npm at exact versions and are checked against the digests below; npm itself would refuse those of other
// platforms. They are kept in .cache/.

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundleClient } from './client-bundle.ts'

interface Platform {
  /** Name in dist/client and on the command line of this script. */
  readonly name: string
  readonly host: string
  readonly target: string
  readonly package: string
  readonly executable: string
  readonly output: string
  readonly integrity: string
}

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const BUN_VERSION = '1.4.5'
const CACHE = join(ROOT, '.cache/bun', BUN_VERSION)
const BUNDLE = join(CACHE, 'lazaret-client.js')
const OUTPUT = join(ROOT, 'dist/client')

const PLATFORMS: readonly Platform[] = [
  {
    name: 'linux-x64',
    host: 'linux-x64',
    target: 'bun-linux-x64',
    package: '@oven/bun-linux-x64',
    executable: 'bin/bun',
    output: 'lazaret-client-linux-x64',
    integrity: 'sha512-IWX9BELoGHAUtMonkeSaNaZwXzRk+oDw6Mk+HBFXd3KHYIBNBsIGRupMZPcgNoDbJpLu6gAJjIoIVPZtt1aJ1g==',
  },
  {
    name: 'linux-arm64',
    host: 'linux-arm64',
    target: 'bun-linux-arm64',
    package: '@oven/bun-linux-aarch64',
    executable: 'bin/bun',
    output: 'lazaret-client-linux-arm64',
    integrity: 'sha512-4BXmsSKnjOrlGWqZV4x/oWa7AVoR+B6lCXddMzOAXBIm3t50eslg9wb66gmtW1AamEQ1l1CDvmmruysEhqOWMg==',
  },
  {
    name: 'windows-x64',
    host: 'win32-x64',
    target: 'bun-windows-x64',
    package: '@oven/bun-windows-x64',
    executable: 'bin/bun.exe',
    output: 'lazaret-client-windows-x64.exe',
    integrity: 'sha512-FNvply651vcE/GHgNWz6mZvhmkwBuu8Hw54oNzA+CQog+HW+542rXQmZqNHRkFxazD9L3xi+iTtvO3engAgJfw==',
  },
]

// A client is started in folders it is to scan: what lies there must not configure it. Bytecode and minifying halve
// the start-up time; compiling later than by default takes another tenth off.
const COMPILE_FLAGS = [
  '--compile',
  '--minify',
  '--bytecode',
  '--format=esm',
  '--compile-jit-policy=10',
  '--no-compile-autoload-dotenv',
  '--no-compile-autoload-bunfig',
  '--no-compile-autoload-tsconfig',
  '--no-compile-autoload-package-json',
]

const run = (command: string, argv: readonly string[], cwd = ROOT): string => {
  const shell = process.platform === 'win32' && command === 'npm' // npm is a script there
  const done = spawnSync(command, argv, { cwd, encoding: 'utf8', shell })
  if (done.error !== undefined) throw new Error(`cannot start ${command}: ${done.error.message}`)
  if (done.status !== 0) throw new Error(`${command} ${argv.join(' ')} failed:\n${done.stdout}${done.stderr}`)
  return done.stdout
}

const checkIntegrity = (file: string, platform: Platform): void => {
  const digest = `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`
  if (digest === platform.integrity) return
  rmSync(file)
  throw new Error(
    `${platform.package} ${BUN_VERSION} is not what it should be: ${digest} instead of ${platform.integrity}`,
  )
}

/** Path of the compiler, or run-time, for a platform; fetched and checked when it is not in the cache. */
const bunFor = (platform: Platform): string => {
  const folder = join(CACHE, platform.name)
  const executable = join(folder, 'package', platform.executable)
  if (existsSync(executable)) return executable
  const temporary = `${folder}.${process.pid}`
  mkdirSync(temporary, { recursive: true })
  try {
    const [packed] = JSON.parse(run('npm', ['pack', '--json', `${platform.package}@${BUN_VERSION}`], temporary)) as {
      filename: string
    }[]
    const archive = join(temporary, packed.filename)
    checkIntegrity(archive, platform)
    run('tar', ['-xzf', archive], temporary)
    rmSync(archive)
    rmSync(folder, { recursive: true, force: true })
    renameSync(temporary, folder)
  } finally {
    rmSync(temporary, { recursive: true, force: true })
  }
  return executable
}

const compile = (compiler: string, platform: Platform): void => {
  const output = join(OUTPUT, platform.output)
  const temporary = join(OUTPUT, `.${process.pid}-${platform.output}`)
  const target = [`--target=${platform.target}`, `--compile-executable-path=${bunFor(platform)}`]
  // Not in the checkout: nothing of it may influence the result but the bundle.
  run(compiler, ['build', ...COMPILE_FLAGS, ...target, BUNDLE, '--outfile', temporary], OUTPUT)
  renameSync(temporary, output)
  console.error(`client: dist/client/${platform.output}`)
}

const main = async (wanted: readonly string[]): Promise<void> => {
  const host = PLATFORMS.find(platform => platform.host === `${process.platform}-${process.arch}`)
  const names = PLATFORMS.map(platform => platform.name)
  if (host === undefined) throw new Error(`cannot build on this platform; build on one of ${names.join(', ')}`)
  const unknown = wanted.find(name => !names.includes(name))
  if (unknown !== undefined) throw new Error(`unknown platform ${unknown}; it must be one of ${names.join(', ')}`)
  mkdirSync(CACHE, { recursive: true })
  writeFileSync(BUNDLE, await bundleClient())
  mkdirSync(OUTPUT, { recursive: true })
  const compiler = bunFor(host)
  for (const platform of PLATFORMS) {
    if (wanted.length === 0 || wanted.includes(platform.name)) compile(compiler, platform)
  }
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  console.error(`client: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
