import { mkdtempSync, rmSync } from 'node:fs'
import { connect as connectSocket, createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import { createServer as createWebServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { createFakeScanner, MARK } from '../services/native/fake-scanner.fuzz.ts'
import { startNativeListener } from '../services/native/index.ts'
import type { NativeListener, NativeListenerOptions } from '../services/native/index.ts'
import { makeCertificates } from '../services/native/peer.fuzz.ts'
import { connect } from './client.ts'
import type { ConnectOptions, LazaretClient } from './client.ts'

const certificates = makeCertificates()
const folder = mkdtempSync(join(tmpdir(), 'lazaret-client-'))
const socket = `unix:${join(folder, 's.sock')}`
const listeners: NativeListener[] = []
const clients: LazaretClient[] = []
const servers: { close: () => unknown }[] = []

afterAll(() => rmSync(folder, { recursive: true }))
afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  for (const server of servers.splice(0)) server.close()
  await Promise.all(listeners.splice(0).map(async listener => listener.close()))
})

const serve = async (
  scanner = createFakeScanner(),
  options: Partial<NativeListenerOptions> = {},
): Promise<NativeListener> => {
  const limits = { drainTimeoutMs: 50, lingerMs: 50 }
  const listener = await startNativeListener({ address: socket, scanner, software: 'test/1', limits, ...options })
  listeners.push(listener)
  return listener
}

const enter = async (server: string, options?: ConnectOptions): Promise<LazaretClient> => {
  const client = await connect(server, options)
  clients.push(client)
  return client
}

const until = async (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 15_000, interval: 5 })

/** The code and message with which a promise is rejected. */
const failure = async (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'no failure',
    (error: Error & { code?: string }) => `${error.code}: ${error.message}`,
  )

const listenOn = async (server: Server): Promise<string> => {
  servers.push(server)
  await new Promise<void>(resolve => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return `tcp:127.0.0.1:${(server.address() as { port: number }).port}`
}

async function* pieces(count: number, length: number): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < count; index++) yield Buffer.alloc(length, 'x')
  yield Buffer.from(MARK)
}

describe('a client', () => {
  test('scans what is at hand and what comes in pieces', async () => {
    const scanner = createFakeScanner()
    const client = await enter((await serve(scanner)).address)
    const events: string[] = []
    const [small, large, empty, streamed] = await Promise.all([
      client.scan({ name: 'small', content: Buffer.from(MARK), onEvent: ({ event }) => events.push(event) }),
      client.scan({ name: 'big', content: Buffer.alloc(5_000_000) }),
      client.scan({ name: 'empty', content: new Uint8Array(0) }),
      client.scan({ name: 'streamed', content: () => pieces(30, 100_000), sizeHint: 3_000_022 }),
    ])
    expect([small, large, empty, streamed].map(({ verdict }) => verdict)).toEqual([
      'infected',
      'clean',
      'clean',
      'infected',
    ])
    expect(streamed.artifacts[0].size).toBe(3_000_000 + MARK.length)
    expect(events).toContain('detection')
    expect(client.hello?.software).toBe('test/1')
  })

  test('has hundreds of scans under way on one connection', async () => {
    const listener = await serve()
    const client = await enter(listener.address)
    const scans = Array.from({ length: 300 }, async (_, number) =>
      client.scan({ name: `n${number}`, content: Buffer.alloc(number * 700) }),
    )
    const reports = await Promise.all(scans)
    expect(reports.map(({ name, artifacts }) => [name, artifacts[0].size])).toEqual(
      Array.from({ length: 300 }, (_, number) => [`n${number}`, number * 700]),
    )
    expect(listener.connections).toBe(1)
  })

  test('cancels a scan by its signal, before and while it is under way', async () => {
    const scanner = createFakeScanner()
    const client = await enter((await serve(scanner)).address)
    const controller = new AbortController()
    const content = Buffer.from('x')
    const waiting = failure(client.scan({ name: 'wait', content, signal: controller.signal }))
    await until(() => expect(scanner.active()).toBe(1))
    controller.abort(new Error('enough'))
    expect(await waiting).toBe('undefined: enough')
    await until(() => expect(scanner.aborted).toEqual(['wait']))
    expect(await failure(client.scan({ name: 'late', content, signal: controller.signal }))).toBe('undefined: enough')
    expect(scanner.sources.has('late')).toBe(false)
  })

  test('gives a scan up whose content fails, and goes on with the others', async () => {
    const scanner = createFakeScanner()
    const client = await enter((await serve(scanner)).address)
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(1_000_000)
      throw new Error('bad sector')
    }
    expect(await failure(client.scan({ name: 'broken', content: broken }))).toBe('undefined: bad sector')
    expect(await client.scan({ name: 'x', content: Buffer.from('x') })).toMatchObject({ verdict: 'clean' })
    await until(() => expect(scanner.active()).toBe(0))
  })

  test('comes back to a busy server until it has room', async () => {
    const client = await enter((await serve(createFakeScanner(2))).address)
    const scans = Array.from({ length: 20 }, async (_, number) =>
      client.scan({ name: `n${number}`, content: () => pieces(3, 100_000) }),
    )
    expect(new Set((await Promise.all(scans)).map(({ verdict }) => verdict))).toEqual(new Set(['infected']))
  })

  test('gives up on a server that stays busy', async () => {
    const client = await enter((await serve(createFakeScanner(0))).address, { busyTimeoutMs: 50 })
    expect(await failure(client.scan({ name: 'x', content: Buffer.from('x') }))).toMatch(/^busy: .*try again later/)
  })

  test('repeats a scan whose connection was lost, once', async () => {
    const listener = await serve()
    let connections = 0
    const proxy = createServer(from => {
      connections++
      if (connections === 1) {
        from.once('data', () => from.destroy())
        return
      }
      const to = connectSocket(listener.address.slice(5))
      from.pipe(to).pipe(from)
      from.on('error', () => {})
      to.on('error', () => {})
    })
    const address = await listenOn(proxy)
    const client = await enter(address)
    expect(await client.scan({ name: 'x', content: Buffer.from(MARK) })).toMatchObject({ verdict: 'infected' })
    expect(connections).toBe(2)
  })

  test('does not repeat for ever', async () => {
    const address = await listenOn(createServer(from => from.once('data', () => from.destroy())))
    const client = await enter(address)
    expect(await failure(client.scan({ name: 'x', content: Buffer.from('x') }))).toMatch(/^connection-lost: .*tcp:127/)
  })

  test('asks for more than scans', async () => {
    const client = await enter((await serve()).address)
    expect(await client.request('version')).toMatchObject({ software: 'test/1', signatures: 1 })
    expect(await failure(client.request('reload'))).toMatch(/^reload-failed: .*fake.ndb is gone/)
  })

  test('shows its token', async () => {
    const tokens = [{ token: 'sesame', role: 'user' }] as const
    const { address } = await serve(createFakeScanner(), { tokens })
    const scan = { name: 'x', content: Buffer.from('x') }
    expect(await (await enter(address, { token: 'sesame' })).scan(scan)).toMatchObject({ verdict: 'clean' })
    expect(await failure((await enter(address, { token: 'Sesame' })).scan(scan))).toMatch(/^auth-failed/)
    expect(await failure((await enter(address)).scan(scan))).toMatch(/^auth-required: .*--token-file/)
  })

  test.skipIf(certificates === undefined)('believes only certificates that it can check', async () => {
    if (certificates === undefined) return
    const { ca, cert, key, clientCert, clientKey } = certificates
    const scan = { name: 'x', content: Buffer.from(MARK) }
    const { address } = await serve(createFakeScanner(), {
      address: 'tls:127.0.0.1:0',
      tls: { cert, key, clientCa: ca },
    })
    const client = await enter(address, { tls: { ca, cert: clientCert, key: clientKey } })
    expect(await client.scan(scan)).toMatchObject({ verdict: 'infected' })
    expect(await failure(connect(address))).toMatch(/^tls-failed: .*--ca/)
    expect(await failure((await enter(address, { tls: { ca } })).scan(scan))).toMatch(/^tls-failed: .*--cert/)
    expect(await failure(connect(address, { tls: { cert: 'no certificate' } }))).toMatch(/^connect-failed|^tls-failed/)
  })
})

describe('without a server', () => {
  const scanAt = async (address: string): Promise<string> =>
    failure(
      (async () => {
        const client = await enter(address, { connectTimeoutMs: 150 })
        await client.scan({ name: 'x', content: Buffer.from('x') })
      })(),
    )

  test.each([
    ['no socket', `unix:${join(folder, 'none')}`, /^connect-failed: .*none: there is no such socket; start a server/],
    ['a closed port', 'tcp:127.0.0.1:1', /^connect-failed: .*nobody listens there/],
    ['no address', '127.0.0.1:8321', /^undefined: .*is no address; write unix:PATH/],
  ])('%s is explained', async (_, address, expected) => {
    expect(await scanAt(address)).toMatch(expected)
  })

  test('a web server is not taken for one', async () => {
    expect(await scanAt(await listenOn(createWebServer()))).toMatch(/^not-lazaret: .*tcp:127/)
  })

  test('a port that says nothing is given up', async () => {
    expect(await scanAt(await listenOn(createServer(() => {})))).toMatch(/^not-lazaret: .*does not greet/)
  })

  test('a server that falls silent is given up', async () => {
    const listener = await serve()
    const proxy = createServer(from => {
      const to: Socket = connectSocket(listener.address.slice(5))
      to.once('data', chunk => from.write(chunk)) // HELLO passes, nothing after it
      from.on('error', () => {})
      servers.push({ close: () => to.destroy() }, { close: () => from.destroy() })
    })
    const client = await enter(await listenOn(proxy), { silenceTimeoutMs: 60, retries: 0 })
    const scan = client.scan({ name: 'x', content: Buffer.from('x') })
    expect(await failure(scan)).toMatch(/^connection-lost: .*fell silent/)
  })

  test('one that shuts down is left', async () => {
    const scanner = createFakeScanner()
    const listener = await serve(scanner)
    const client = await enter(listener.address, { retries: 0 })
    const waiting = failure(client.scan({ name: 'wait', content: Buffer.from('x') }))
    await until(() => expect(scanner.active()).toBe(1))
    await listener.close()
    expect(await waiting).toMatch(/^shutting-down/)
    expect(await failure(client.scan({ name: 'x', content: Buffer.from('x') }))).toMatch(/^connect-failed/)
  })
})
