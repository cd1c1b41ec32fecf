import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readResults } from '../report/index.ts'

// The program as a whole, as it is built: real engine, real sockets, real files.

const BUILD = fileURLToPath(new URL('../../scripts/build.ts', import.meta.url))
const MAIN = fileURLToPath(new URL('../../dist/lazaret.js', import.meta.url))
const STARTER = new URL('../../data/starter/starter.ndb', import.meta.url)

/** A stream that is longer has begun to be scanned before it ends. */
const MORE_THAN_ONE_WINDOW_BYTES = 600_000

interface Queue {
  readonly queued: number
}

const PRINTED_COMMAND = /Scan a folder with:\n(.+)\n/

let root: string
let data: string
let files: string
const running = new Set<ChildProcessWithoutNullStreams>()

beforeAll(() => {
  execFileSync(process.execPath, [BUILD], { stdio: 'pipe' }) // does nothing where all is up to date
  root = mkdtempSync(join(tmpdir(), 'lazaret-cli-'))
  data = join(root, 'data')
  files = join(root, 'files')
  mkdirSync(join(files, 'below'), { recursive: true })
  writeFileSync(join(files, 'clean.txt'), 'nothing to see here')
  writeFileSync(join(files, 'below', 'found.txt'), testFile())
})
afterAll(() => {
  for (const child of running) child.kill('SIGKILL')
  rmSync(root, { recursive: true, force: true })
})

/** The EICAR test file, out of the pattern in the starter database. */
const testFile = (): Buffer => Buffer.from(readFileSync(STARTER, 'utf8').trim().split(':')[3], 'hex')

function start(...words: string[]): ChildProcessWithoutNullStreams {
  const environment = { LAZARET_DATA: data, LAZARET_WORKERS: '1', NODE_COMPILE_CACHE: join(root, 'code') }
  const child = spawn(process.execPath, [MAIN, ...words], { cwd: files, env: { ...process.env, ...environment } })
  running.add(child)
  child.once('exit', () => running.delete(child))
  return child
}

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

async function outputOf(child: ChildProcessWithoutNullStreams): Promise<Ended> {
  const out: Buffer[] = []
  const err: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }
}

function ended(child: ChildProcessWithoutNullStreams, input?: Uint8Array): Promise<Ended> {
  child.stdin.end(input)
  return outputOf(child)
}

const run = (...words: string[]): Promise<Ended> => ended(start(...words))

async function untilReady(server: ChildProcessWithoutNullStreams): Promise<string> {
  let text = ''
  for await (const chunk of server.stdout) {
    text += String(chunk)
    if (PRINTED_COMMAND.test(text)) return text
  }
  throw new Error(`the server ended: ${text}`)
}

/** One command of the clamd dialect. */
async function ask(socket: string, command: string): Promise<string> {
  const connection = connect(socket)
  connection.write(command)
  let text = ''
  for await (const chunk of connection) text += String(chunk)
  return text
}

describe('scan without a server', () => {
  it('finds the test file in a folder and exits with 1', async () => {
    const { code, stdout, stderr } = await run('scan', files, '--json')
    expect(stderr).toBe('')
    expect(code).toBe(1)
    const { reports, summary } = readResults(stdout)
    expect(reports.map(({ name, verdict }) => `${name.replace(files, '')} ${verdict}`)).toEqual([
      '/below/found.txt infected',
      '/clean.txt clean',
    ])
    expect(reports[0].artifacts[0].detections[0].name).toBe('Eicar-Test-Signature.UNOFFICIAL')
    expect(summary).toMatchObject({ files: 2, infected: 1, clean: 1 })
  })

  it('reads standard input', async () => {
    const { code, stdout } = await ended(start('scan', '-'), testFile())
    expect(code).toBe(1)
    expect(stdout).toMatch(/^stdin: infected Eicar-Test-Signature.UNOFFICIAL$/m)
  })

  it('exits with 0 for what is clean and with 2 for what is not there', async () => {
    expect((await run('scan', join(files, 'clean.txt'))).code).toBe(0)
    const { code, stdout } = await run('scan', join(files, 'clean.txt'), join(files, 'nowhere'))
    expect(code).toBe(2)
    expect(stdout).toMatch(/nowhere: error not-found: /)
  })

  it('builds a cached image anew when it was damaged', async () => {
    const cache = join(data, 'cache')
    const name = readdirSync(cache).find(entry => entry.endsWith('.lzdb')) ?? ''
    const good = readFileSync(join(cache, name))
    const bad = Buffer.from(good)
    bad[Math.floor(bad.length / 3)] ^= 1
    writeFileSync(join(cache, name), bad)
    expect((await run('scan', files)).code).toBe(1)
    expect(readFileSync(join(cache, name)).equals(good)).toBe(true)
  })
})

describe('db', () => {
  it('builds, shows, verifies and refuses', async () => {
    const source = join(root, 'mixed.ndb')
    const image = join(root, 'mixed.lzdb')
    writeFileSync(source, `${readFileSync(STARTER, 'utf8')}\nBroken:0\n`)
    const built = await run('db', 'build', image, source, '--report')
    expect(built.code).toBe(0)
    expect(built.stdout).toContain('mixed.ndb:3: field-count')
    expect((await run('db', 'info', image)).stdout).toContain('1 signatures')
    expect((await run('db', 'verify', image)).code).toBe(0)
    const scanned = await run('scan', files, '--db', image)
    expect(scanned.code).toBe(1)
    const bytes = readFileSync(image)
    writeFileSync(image, bytes.subarray(0, bytes.length - 1))
    for (const words of [
      ['db', 'verify', image],
      ['db', 'info', image],
      ['scan', files, '--db', image],
    ]) {
      const refused = await run(...words)
      expect(refused.code, words.join(' ')).toBe(2)
      expect(refused.stderr).toContain(image)
      expect(refused.stderr).toMatch(/\((database-corrupt|engine-failed)\)$/m)
    }
  })

  it('says which database is missing', async () => {
    const { code, stderr } = await run('scan', files, '--db', join(root, 'nowhere'))
    expect(code).toBe(2)
    expect(stderr).toMatch(/^lazaret: There is no database .*nowhere.* \(database-not-found\)\n/)
  })
})

describe('a server', () => {
  it('is found by scan, asked for statistics, reloaded and stopped', async () => {
    const source = join(root, 'server.ndb')
    writeFileSync(source, readFileSync(STARTER))
    const server = start('serve', '--db', source)
    const log: string[] = []
    server.stderr.on('data', (chunk: Buffer) => log.push(String(chunk)))
    const welcome = await untilReady(server)
    expect(welcome).toContain(`unix:${join(data, 'native.sock')}`)

    // The command as it is printed, in a shell, where the server was started.
    const printed = PRINTED_COMMAND.exec(welcome)?.[1] ?? ''
    const scanned = await outputOf(spawn('sh', ['-c', printed], { cwd: files }))
    expect(scanned.stdout).toMatch(/^\.\/below\/found\.txt: infected Eicar-Test-Signature\.UNOFFICIAL$/m)
    expect(scanned.code).toBe(1)
    const stats = JSON.parse((await run('status', '--json')).stdout) as { scans: number; signatures: number }
    expect(stats).toMatchObject({ scans: 2, signatures: 1 })

    writeFileSync(source, `${readFileSync(STARTER, 'utf8')}Second:0:*:6e6f7468696e6720746f2073656520\n`)
    expect((await run('db', 'reload')).stdout).toMatch(/^A new database is in use: 2 signatures/)
    expect((await run('scan', join(files, 'clean.txt'))).stdout).toMatch(/infected Second\.UNOFFICIAL$/m)

    writeFileSync(source, 'broken\n')
    const refused = await run('db', 'reload')
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain('server-refused')
    server.kill('SIGHUP')
    await expect.poll(() => log.join('')).toContain('not reloaded, the old one stays in use')
    expect((await run('scan', join(files, 'clean.txt'))).code).toBe(1)

    const exited = once(server, 'exit')
    server.kill('SIGTERM')
    expect((await exited)[0]).toBe(0)
    expect(readdirSync(data)).toEqual(['audit.key', 'cache', 'ledger.db', 'vault', 'vault.keys'])
  })

  it('speaks to clamd clients where it is told to, and stops when one may and does say so', async () => {
    const socket = join(root, 'clamd.sock')
    const server = start('serve', '--clamd', `unix:${socket}`, '--clamd-shutdown', '--clamd-version', 'ClamAV 1.4.6')
    expect(await untilReady(server)).toContain(`unix:${socket}`)
    expect(await ask(socket, 'nVERSION\n')).toBe('ClamAV 1.4.6\n')
    expect(await ask(socket, `nSCAN ${join(files, 'below')}\n`)).toMatch(
      /found\.txt: Eicar-Test-Signature\.UNOFFICIAL FOUND\n$/,
    )
    const exited = once(server, 'exit')
    await ask(socket, 'nSHUTDOWN\n')
    expect((await exited)[0]).toBe(0)
  })

  it('says where it cannot listen', async () => {
    const { code, stderr } = await run('serve', '--native', 'tcp:0.0.0.0:0')
    expect(code).toBe(2)
    expect(stderr).toMatch(/^lazaret: Cannot listen on tcp:0\.0\.0\.0:0: .*\(cannot-listen\)\n/m)
  })

  it('finishes what is running when it is asked to stop', async () => {
    const address = `unix:${join(root, 'drain.sock')}`
    const server = start('serve', '--native', address)
    await untilReady(server)
    const scan = start('scan', '-', '--server', address)
    const answer = outputOf(scan)
    scan.stdin.write(Buffer.concat([testFile(), Buffer.alloc(MORE_THAN_ONE_WINDOW_BYTES)]))
    const queued = async () => (JSON.parse((await run('status', '--json', '--server', address)).stdout) as Queue).queued
    await expect.poll(queued, { timeout: 20_000 }).toBe(1)
    const exited = once(server, 'exit')
    server.kill('SIGINT')
    await expect.poll(() => run('status', '--server', address), { timeout: 20_000 }).toMatchObject({ code: 2 })
    scan.stdin.end()
    expect((await answer).stdout).toMatch(/^stdin: infected/m)
    expect((await exited)[0]).toBe(0)
  })

  it('that is missing is named', async () => {
    const { code, stderr } = await run('status', '--server', 'tcp:127.0.0.1:1')
    expect(code).toBe(2)
    expect(stderr).toMatch(/^lazaret: No server answers at tcp:127\.0\.0\.1:1: .*\(no-server\)\n/)
  })
})
