import { describe, expect, test } from 'vitest'
import { NativeError } from '../../protocol/index.ts'
import { createFakeScanner } from './fake-scanner.fuzz.ts'
import { enter, serve, SOCKET, until } from './house.fuzz.ts'
import { connectPeer } from './peer.fuzz.ts'

describe('a peer that', () => {
  const garbage = [
    ['sends a web request', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', 'not-lazaret'],
    ['speaks clamd', 'zINSTREAM\0\0\0\0\u0005hello', 'not-lazaret'],
    ['sends noise', Buffer.alloc(1000, 0xfe), 'not-lazaret'],
    ['begins without HELLO', Buffer.from('0000000203000000000000017b7d', 'hex'), 'hello-expected'],
  ] as const
  test.each(garbage)('%s is told so and cut', async (_, bytes, code) => {
    const peer = await enter(await serve('tcp:127.0.0.1:0'), { greet: false })
    peer.socket.write(bytes)
    await peer.ended
    expect(peer.failures.map(failure => failure.code)).toEqual([code])
  })

  test('sends a frame that is too long is told so, though it goes on sending', async () => {
    const listener = await serve('tcp:127.0.0.1:0')
    const [bad, good] = [await enter(listener), await enter(listener)]
    bad.socket.write(Buffer.from('000400010400000000000001', 'hex'))
    for (let count = 0; count < 50; count++) bad.socket.write(Buffer.alloc(65_536))
    await bad.ended
    expect(bad.failures.map(({ code }) => code)).toEqual(['frame-too-large'])
    expect(await good.scan('x', 'x')).toMatchObject({ verdict: 'clean' })
  })

  test('sends too slowly is cut while others work', async () => {
    const limits = { minBytesPerSecond: 100_000, rateWindowMs: 300, sweepMs: 20 }
    const listener = await serve('tcp:127.0.0.1:0', createFakeScanner(), { limits })
    const [slow, good] = [await enter(listener), await enter(listener)]
    const id = slow.open('slow')
    const timer = setInterval(() => slow.endpoint.send(id, Uint8Array.of(1), false), 10)
    const [answer, others] = await Promise.all([
      slow.answer(id),
      Promise.all(Array.from({ length: 5 }, async () => good.scan('good', Buffer.alloc(1_000_000)))),
    ])
    clearInterval(timer)
    expect(answer).toEqual({ code: 'too-slow' })
    expect(others).toMatchObject(Array.from({ length: 5 }, () => ({ verdict: 'clean' })))
    expect(await slow.scan('now fast', 'x')).toMatchObject({ verdict: 'clean' })
  })

  test('waits for us is not called slow', async () => {
    const limits = { minBytesPerSecond: 1_000_000, rateWindowMs: 20, sweepMs: 5 }
    const scanner = createFakeScanner()
    const peer = await enter(await serve(SOCKET, scanner, { limits }))
    const answer = peer.scan('wait', 'x')
    await new Promise(resolve => setTimeout(resolve, 150))
    scanner.release()
    expect(await answer).toMatchObject({ verdict: 'clean' })
  })

  test('complains in several lines writes one in the log', async () => {
    const log: string[] = []
    const peer = await enter(await serve(SOCKET, createFakeScanner(), { log: line => log.push(line) }))
    peer.endpoint.fail(new NativeError('bad-payload', 'x\n2026-01-01 all is well\u001b[2J'))
    await peer.ended
    expect(log.join('|')).toContain('all is well')
    for (const sign of ['\n', '\u001b']) expect(log.join('|')).not.toContain(sign)
  })

  test('says nothing is cut', async () => {
    const limits = { handshakeTimeoutMs: 50, sweepMs: 10 }
    const peer = await enter(await serve(SOCKET, createFakeScanner(), { limits }), { greet: false })
    await peer.ended
    expect(peer.failures.map(({ code }) => code)).toEqual(['handshake-timeout'])
  })

  test('says nothing more is cut, unless it waits for an answer', async () => {
    const limits = { idleTimeoutMs: 100, sweepMs: 10 }
    const scanner = createFakeScanner()
    const listener = await serve(SOCKET, scanner, { limits })
    const [idle, waiting] = [await enter(listener), await enter(listener)]
    const answer = waiting.scan('wait', 'x')
    await idle.ended
    expect(idle.failures.map(({ code }) => code)).toEqual(['idle-timeout'])
    scanner.release()
    expect(await answer).toMatchObject({ verdict: 'clean' })
  })

  test('reads nothing is cut', async () => {
    const limits = { stallTimeoutMs: 100, sweepMs: 10 }
    const listener = await serve(SOCKET, createFakeScanner(), { limits })
    const peer = await enter(listener)
    peer.socket.pause()
    const pings = Buffer.concat(
      Array.from({ length: 50_000 }, () => Buffer.from('000000080d00000000000000' + '00'.repeat(8), 'hex')),
    )
    for (let count = 0; count < 4; count++) peer.socket.write(pings)
    await until(() => expect(listener.connections).toBe(0))
  })

  test('is one too many is told so', async () => {
    const listener = await serve('tcp:127.0.0.1:0', createFakeScanner(), { limits: { maxConnections: 2 } })
    const [first] = [await enter(listener), await enter(listener)]
    const third = await enter(listener)
    await third.ended
    expect(third.failures).toMatchObject([{ code: 'too-many-connections', retryAfterMs: 1000 }])
    expect(await first.scan('x', 'x')).toMatchObject({ verdict: 'clean' })
  })

  test('closes its side only has gone', async () => {
    const scanner = createFakeScanner()
    const peer = await enter(await serve('tcp:127.0.0.1:0', scanner))
    void peer.scan('wait', 'x')
    await until(() => expect(scanner.active()).toBe(1))
    peer.socket.end()
    await until(() => expect(scanner.aborted).toEqual(['wait']))
  })

  test('vanishes 200 times leaves nothing behind', async () => {
    const scanner = createFakeScanner()
    const listener = await serve('tcp:127.0.0.1:0', scanner)
    const good = await enter(listener)
    for (let round = 0; round < 10; round++) {
      const vanishing = await Promise.all(Array.from({ length: 20 }, async () => connectPeer(listener.address)))
      for (const [number, peer] of vanishing.entries()) {
        void peer.scan('wait', 'x')
        peer.endpoint.send(peer.open('half'), Buffer.alloc(number * 1000), false)
        setTimeout(() => peer.socket.destroy(), number)
      }
      expect(await good.scan('good', Buffer.alloc(100_000))).toMatchObject({ verdict: 'clean' })
    }
    await until(() => expect([scanner.active(), listener.connections, listener.heldBytes]).toEqual([0, 1, 0]))
  })
})
