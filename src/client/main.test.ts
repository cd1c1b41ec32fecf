import { spawn, spawnSync } from 'node:child_process'
import { builtinModules } from 'node:module'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundleClient, MAX_CLIENT_BYTES } from '../../scripts/client-bundle.ts'
import { readResultsJson } from '../report/index.ts'
import { createFakeScanner, MARK } from '../services/native/fake-scanner.fuzz.ts'
import { startNativeListener } from '../services/native/index.ts'
import type { NativeListener } from '../services/native/index.ts'
import { VERSION } from './version.ts'

const folder = mkdtempSync(join(tmpdir(), 'lazaret-main-'))
const at = (name: string): string => join(folder, name)
const program = at('client.mjs')
/** The single-file executable to test instead of the bundle: dist/client/… as `npm run client` builds it. */
const executable = process.env['LAZARET_TEST_CLIENT']
const [command, script] = executable === undefined ? [process.execPath, [program]] : [executable, []]
let listener: NativeListener
let bundle: Uint8Array

beforeAll(async () => {
  bundle = await bundleClient()
  writeFileSync(program, bundle)
  listener = await startNativeListener({
    address: `unix:${at('s.sock')}`,
    scanner: createFakeScanner(),
    software: 't/1',
  })
  mkdirSync(at('tree/b'), { recursive: true })
  mkdirSync(at('outside'))
  writeFileSync(at('outside/bad'), MARK)
  writeFileSync(at('tree/a'), 'a')
  writeFileSync(at('tree/b/large'), Buffer.alloc(1_000_000))
  writeFileSync(at('tree/c'), '')
  symlinkSync(at('outside'), at('tree/link'))
  symlinkSync(at('outside/bad'), at('tree/link-to-file'))
  spawnSync('sh', ['-c', 'mkfifo "$0"', at('tree/fifo')])
})

afterAll(async () => {
  await listener.close()
  rmSync(folder, { recursive: true })
})

interface Run {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs the bundle as its user would; the server runs in this process meanwhile. */
const run = async (argv: readonly string[], input = '', env: Record<string, string> = {}): Promise<Run> =>
  new Promise(resolve => {
    const child = spawn(command, [...script, ...argv], {
      env: { PATH: process.env['PATH'], HOME: folder, LAZARET_SERVER: listener.address, ...env },
    })
    let out = ''
    let err = ''
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
    child.on('close', code => resolve({ code, out, err }))
    child.stdin.on('error', () => {})
    child.stdin.end(input)
  })

describe('the bundle', () => {
  test('is compact', () => {
    expect(bundle.length).toBeLessThanOrEqual(MAX_CLIENT_BYTES)
    expect(bundle.length).toBeGreaterThan(10_000)
  })

  test('imports nothing but what Node brings', () => {
    const text = Buffer.from(bundle).toString()
    const imports = [...text.matchAll(/(?:from|import|import\()\s*"([^"]+)"/g)].map(([, name]) => name)
    expect(imports.length).toBeGreaterThan(0)
    expect(imports.filter(name => !builtinModules.includes(name.replace(/^node:/, '')))).toEqual([])
    expect(imports.filter(name => !name.startsWith('node:'))).toEqual([])
    expect(text).not.toMatch(/\brequire\(/)
  })
})

describe('exit codes', () => {
  test('0: everything is clean; links in folders are not followed, pipes passed over', async () => {
    const { code, out, err } = await run([at('tree')])
    expect([code, err]).toEqual([0, ''])
    expect(out.split('\n').slice(0, 3).sort()).toEqual(
      ['a', 'b/large', 'c'].map(name => `${at(`tree/${name}`)}: clean`),
    )
    expect(out).toMatch(/files +3\n/)
    expect(out).toMatch(/bytes +1000001 /)
  })

  test('1: something was found, whatever else happened', async () => {
    const { code, out } = await run([at('tree'), at('outside'), at('missing')])
    expect(code).toBe(1)
    expect(out).toContain(`${at('outside/bad')}: infected Fake.Mark`)
    expect(out).toContain(`${at('missing')}: error not-found: There is no such file; check the path`)
    expect(out).toMatch(/errors +1\n/)
  })

  test('1: a link that is named is followed', async () => {
    expect(await run([at('tree/link-to-file')])).toMatchObject({ code: 1 })
    expect(await run([at('tree/link')])).toMatchObject({ code: 1 })
  })

  test('2: a file cannot be read', async () => {
    expect(await run([at('tree/a'), at('missing')])).toMatchObject({ code: 2 })
    expect(await run([at('tree/fifo')])).toMatchObject({
      code: 2,
      out: expect.stringContaining('not-a-file') as string,
    })
  })

  test.each([
    ['no server', ['x'], { LAZARET_SERVER: 'unix:/nowhere/s.sock' }, 'there is no such socket; start a server'],
    ['no path', [], {}, 'Nothing to scan'],
    ['no such option', ['--frobnicate'], {}, 'Unknown option --frobnicate'],
    ['no value', ['--format'], {}, '--format needs a value'],
    ['no such format', ['--format', 'yaml', 'x'], {}, 'it must be one of text, json'],
    ['no number', ['--jobs', 'many', 'x'], {}, '--jobs is many; it must be a number from 1 to 1024'],
    ['no token file', ['--token-file', '/nowhere/token', 'x'], {}, 'Cannot read --token-file /nowhere/token'],
    ['no address', ['--server', 'somewhere', 'x'], {}, '"somewhere" is no address'],
  ])('2: %s', async (_, argv, env, message) => {
    const { code, out, err } = await run(argv, '', env)
    expect([code, out]).toEqual([2, ''])
    expect(err).toMatch(/^lazaret-client: [^\n]+\n$/)
    expect(err).toContain(message)
  })
})

describe('input and output', () => {
  test('"-" is the standard input', async () => {
    expect(await run(['-'], `so ${MARK}`)).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^-: infected/) as string,
    })
    expect(await run(['-'], 'x'.repeat(3_000_000))).toMatchObject({ code: 0 })
  })

  test('json is a document that can be read back', async () => {
    const { code, out } = await run(['--format=json', '--all-matches', at('tree'), at('outside/bad'), at('missing')])
    const results = readResultsJson(out)
    expect(code).toBe(1)
    expect(results.summary).toMatchObject({ files: 4, infected: 1, clean: 3, errors: 1 })
    expect(results.reports.map(({ verdict }) => verdict).sort()).toEqual(['clean', 'clean', 'clean', 'infected'])
  })

  test.each(['xml', 'csv', 'sarif', 'junit'])('%s is written', async format => {
    const { code, out } = await run(['--format', format, at('outside')])
    expect(code).toBe(1)
    expect(out).toContain('Fake.Mark')
  })

  test('names that are not UTF-8 are scanned', async () => {
    mkdirSync(at('odd'))
    writeFileSync(Buffer.concat([Buffer.from(at('odd/')), Buffer.of(0xff, 0xfe)]), MARK)
    expect(await run([at('odd')])).toMatchObject({ code: 1 })
  })

  test('names that would write on the terminal are made visible', async () => {
    mkdirSync(at('names'))
    writeFileSync(at('names/\u001b[2J'), 'x')
    const { out } = await run([at('names')])
    expect(out).toContain('\\x1b[2J: clean')
    expect(out).not.toContain('\u001b')
  })

  test('versions of both sides', async () => {
    const { code, out } = await run(['--version'])
    expect(code).toBe(0)
    expect(out).toBe(`lazaret-client ${VERSION}\n${listener.address}: t/1, 1 signatures, database 00\n`)
  })

  test('help names every option and the default server', async () => {
    const { code, out } = await run(['--help'])
    expect(code).toBe(0)
    for (const word of ['--server', 'LAZARET_SERVER', '--token-file', 'native.sock', 'sarif'])
      expect(out).toContain(word)
  })

  test('a reader that goes away ends it quietly', async () => {
    const shell = `${[command, ...script].join(' ')} --format json "${at('tree')}" "${at('outside')}" | head -c 1`
    const child = spawn('sh', ['-c', shell], { env: { ...process.env, LAZARET_SERVER: listener.address } })
    let err = ''
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
    await new Promise(resolve => child.on('close', resolve))
    expect(err).toBe('')
  })
})

test('the version is that of the package', () => {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string
  }
  expect(VERSION).toBe(manifest.version)
})
