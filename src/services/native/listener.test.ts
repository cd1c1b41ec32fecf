import { describe, expect, test } from 'vitest'
import { createFakeScanner, MARK } from './fake-scanner.fuzz.ts'
import { enter, serve, SOCKET, until } from './house.fuzz.ts'
import { makeCertificates } from './peer.fuzz.ts'

const certificates = makeCertificates()
if (certificates === undefined) console.warn('no openssl here: the tests of tls: are skipped')

const tlsOptions = certificates === undefined ? {} : { tls: { cert: certificates.cert, key: certificates.key } }
const TRANSPORTS = [
  { address: SOCKET, server: {}, client: {} },
  { address: 'tcp:127.0.0.1:0', server: {}, client: {} },
  { address: 'tls:127.0.0.1:0', server: tlsOptions, client: { tls: { ca: certificates?.ca ?? '' } } },
].filter(({ address }) => certificates !== undefined || !address.startsWith('tls:'))

describe.each(TRANSPORTS)('over $address', ({ address, server, client }) => {
  test('scans small, empty and large content', async () => {
    const scanner = createFakeScanner()
    const peer = await enter(await serve(address, scanner, server), client)
    const large = Buffer.alloc(3_000_000, 'x')
    const answers = await Promise.all([
      peer.scan('small', `a${MARK}`),
      peer.scan('empty', ''),
      peer.scan('large', Buffer.concat([large.subarray(0, 2_000_000), Buffer.from(MARK)])),
      peer.scan('inline', large.subarray(0, 256 * 1024)),
    ])
    // The fake makes the report of `large` too long for the wire.
    expect(answers).toMatchObject([
      { verdict: 'infected' },
      { verdict: 'clean' },
      { code: 'result-too-large' },
      { verdict: 'clean' },
    ])
    expect(Object.fromEntries(scanner.sources)).toEqual({
      small: 'bytes',
      empty: 'bytes',
      large: 'stream',
      inline: 'bytes',
    })
    expect(peer.events.map(({ event }) => event)).toContain('detection')
  })

  test('scans many streams at once, each with its own content', async () => {
    const listener = await serve(address, createFakeScanner(), server)
    const connections = await Promise.all(Array.from({ length: 4 }, async () => enter(listener, client)))
    await until(() => expect(connections.every(({ endpoint }) => endpoint.maxStreams === 64)).toBe(true))
    const scans = Array.from({ length: 200 }, async (_, number) => {
      const content = Buffer.alloc(number * 5000, `${number} `)
      const answer = await connections[number % 4].scan(`n${number}`, content)
      return 'report' in answer ? answer.report?.artifacts[0].size : answer
    })
    expect(await Promise.all(scans)).toEqual(Array.from({ length: 200 }, (_, number) => number * 5000))
    expect(listener.heldBytes).toBe(0)
  })

  test('frees the slot of a client that vanishes', async () => {
    const scanner = createFakeScanner()
    const listener = await serve(address, scanner, server)
    const peer = await enter(listener, client)
    void peer.scan('wait whole', 'content')
    const id = peer.open('wait in the middle')
    peer.endpoint.send(id, Buffer.alloc(60_000), false)
    await until(() => expect(scanner.active()).toBe(1))
    peer.socket.destroy()
    await until(() => expect(scanner.active()).toBe(0))
    await until(() => expect(listener.connections).toBe(0))
    expect(scanner.aborted).toEqual(['wait whole'])
    expect(listener.running).toBe(0)
    expect(listener.heldBytes).toBe(0)
  })
})

describe('content', () => {
  test('sent byte by byte is scanned as a whole', async () => {
    const listener = await serve('tcp:127.0.0.1:0')
    const recorded: Uint8Array[] = []
    const peer = await enter(listener)
    const write = peer.socket.write.bind(peer.socket)
    peer.socket.write = (bytes: Uint8Array | string) => recorded.push(Buffer.from(bytes)) > 0
    const answer = peer.scan('x', `a${MARK}`)
    peer.socket.write = write
    for (const byte of Buffer.concat(recorded)) {
      write(Uint8Array.of(byte))
      await new Promise(setImmediate)
    }
    expect(await answer).toMatchObject({ verdict: 'infected' })
  })

  test('is taken to its end when the scanner ends early, and then dropped', async () => {
    const listener = await serve(SOCKET, createFakeScanner(0))
    const peer = await enter(listener)
    const id = peer.open('refused')
    peer.endpoint.send(id, Buffer.alloc(65_536), true)
    expect(await peer.answer(id)).toEqual({ code: 'busy' })
    expect(await peer.request('ping')).toMatchObject({ verdict: 'reply' })
    expect(listener.heldBytes).toBe(0)
  })

  test('of too many streams at once is answered busy, but not to others', async () => {
    const limits = { maxBufferedBytes: 1024 * 1024 }
    const listener = await serve(SOCKET, createFakeScanner(), { limits })
    const peer = await enter(listener)
    await until(() => expect(peer.endpoint.maxStreams).toBe(64))
    const ids = Array.from({ length: 20 }, (_, number) => peer.open(`held ${number}`))
    for (const id of ids) peer.endpoint.send(id, Buffer.alloc(65_536), false)
    await until(() => expect(listener.heldBytes).toBeGreaterThanOrEqual(1024 * 1024))
    expect(await peer.scan('one more', 'x')).toEqual({ code: 'busy' })
    expect(await (await enter(listener)).scan('of another', 'x')).toMatchObject({ verdict: 'clean' })
    peer.endpoint.send(ids[0], new Uint8Array(0), true)
    expect(await peer.answer(ids[0])).toMatchObject({ verdict: 'clean' })
    for (const id of ids.slice(1)) peer.endpoint.cancel(id)
    await until(() => expect(listener.heldBytes).toBe(0))
  })
})

describe('a scan', () => {
  test('is cancelled by its client, and the others go on', async () => {
    const scanner = createFakeScanner()
    const peer = await enter(await serve(SOCKET, scanner))
    const id = peer.open('wait for ever')
    peer.endpoint.send(id, Buffer.from('x'), true)
    await until(() => expect(scanner.active()).toBe(1))
    peer.endpoint.cancel(id)
    await until(() => expect(scanner.aborted).toEqual(['wait for ever']))
    expect(await peer.scan('next', 'x')).toMatchObject({ verdict: 'clean' })
  })

  test('is told busy at once', async () => {
    const scanner = createFakeScanner(1)
    const peer = await enter(await serve(SOCKET, scanner))
    const first = peer.scan('wait', 'x')
    await until(() => expect(scanner.active()).toBe(1))
    expect(await peer.scan('second', 'x')).toEqual({ code: 'busy' })
    scanner.release()
    expect(await first).toMatchObject({ verdict: 'clean' })
  })

  test('that fails inside tells the log, not the client', async () => {
    const log: string[] = []
    const peer = await enter(await serve(SOCKET, createFakeScanner(), { log: line => log.push(line) }))
    expect(await peer.scan('fail', 'x')).toEqual({ code: 'internal' })
    expect(log.join()).toContain('a secret of the server')
  })

  test('counts while it is being cancelled: opening and cancelling in a loop wins nothing', async () => {
    const scanner = createFakeScanner()
    scanner.scan = async () => new Promise(() => {}) // never heeds its signal
    const peer = await enter(await serve(SOCKET, scanner, { limits: { maxStreams: 8 } }))
    for (let number = 0; number < 8; number++) {
      const id = peer.open('x')
      peer.endpoint.send(id, Buffer.from('x'), true)
      peer.endpoint.cancel(id)
    }
    expect(await peer.scan('x', 'x')).toEqual({ code: 'busy' })
    peer.socket.destroy()
  })
})

describe('close', () => {
  test('lets open scans finish and begins no new ones', async () => {
    const scanner = createFakeScanner()
    const listener = await serve(SOCKET, scanner)
    const [busy, idle] = [await enter(listener), await enter(listener)]
    const answer = busy.scan('wait', 'x')
    await until(() => expect(scanner.active()).toBe(1))
    const closed = listener.close()
    await idle.ended
    await until(() => expect(busy.endpoint.canOpen).toBe(false))
    scanner.release()
    expect(await answer).toMatchObject({ verdict: 'clean' })
    await closed
    await busy.ended
  })

  test('cuts what does not finish in time', async () => {
    const scanner = createFakeScanner()
    const listener = await serve(SOCKET, scanner, { limits: { drainTimeoutMs: 30, lingerMs: 10 } })
    const peer = await enter(listener)
    void peer.scan('wait', 'x')
    await until(() => expect(scanner.active()).toBe(1))
    await listener.close()
    await peer.ended
    expect(peer.failures.map(({ code }) => code)).toEqual(['shutting-down'])
    expect(scanner.active()).toBe(0)
  })
})
