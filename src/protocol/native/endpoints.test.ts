import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cut } from './cases.fuzz.ts'
import { ClientEndpoint } from './client.ts'
import { MAX_DATA_BYTES, MIN_WINDOW_BYTES } from './constants.ts'
import { NativeError } from './errors.ts'
import type { Hello } from './payloads.ts'
import { ServerEndpoint } from './server.ts'

const helloOf = (windowBytes: number, maxStreams: number): Hello => ({
  version: 1,
  minVersion: 1,
  software: 'test/1',
  auth: [],
  limits: { windowBytes, maxStreams },
})

/** A client and a server, joined by two queues that the test empties in pieces. */
const createPair = (windowBytes: number) => {
  const toServer: Uint8Array[] = []
  const toClient: Uint8Array[] = []
  const received = new Map<number, string>()
  const ended = new Set<number>()
  const answers: string[] = []
  const failures: NativeError[] = []
  const server: ServerEndpoint = new ServerEndpoint(
    { hello: helloOf(windowBytes, 8), write: bytes => void toClient.push(bytes) },
    {
      auth: () => true,
      open: id => void received.set(id, ''),
      data: (id, piece, end) => {
        received.set(id, received.get(id) + Buffer.from(piece).toString('latin1'))
        server.credit(id, piece.length)
        if (!end) return
        ended.add(id)
        server.result(id, { verdict: 'clean', artifacts: [] } as never)
      },
      cancel: () => {},
      request: (id, { verb, args }) => void server.reply(id, { verb, args }),
      closed: error => void failures.push(error),
    },
  )
  const client: ClientEndpoint = new ClientEndpoint(
    { hello: helloOf(MIN_WINDOW_BYTES, 8), write: bytes => void toServer.push(bytes) },
    {
      result: (id, { verdict }) => void answers.push(`${id} ${verdict}`),
      reply: (id, body) => void answers.push(`${id} ${JSON.stringify(body)}`),
      error: (id, { code }) => void answers.push(`${id} ${code}`),
      credit: () => {},
      closed: error => void failures.push(error),
    },
  )
  const pump = (seed = 0): void => {
    while (toServer.length + toClient.length > 0) {
      const bytes = Buffer.concat(toServer.splice(0))
      for (const piece of seed === 0 ? [bytes] : cut(bytes, seed)) server.receive(piece)
      const back = Buffer.concat(toClient.splice(0))
      for (const piece of seed === 0 ? [back] : cut(back, seed)) client.receive(piece)
    }
  }
  server.start()
  client.start()
  return { client, server, pump, received, ended, answers, failures, toServer }
}

const OPEN = { name: 'a', options: { allMatches: false } }

describe('a client and a server', () => {
  test('move content of any length by credit, unchanged', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 700_000 }), fc.integer({ min: 0, max: 9 }), (length, seed) => {
        const pair = createPair(MIN_WINDOW_BYTES + 1000)
        const content = Buffer.alloc(length, 'abcdefg')
        const id = pair.client.open(OPEN)
        let sent = 0
        while (pair.client.isOpen(id)) {
          sent += pair.client.send(id, content.subarray(sent), true)
          pair.pump(seed)
        }
        expect(sent).toBe(length)
        expect(pair.received.get(id)).toBe(content.toString('latin1'))
        expect(pair.answers).toEqual(['1 clean'])
        expect(pair.failures).toEqual([])
      }),
      { numRuns: 30 },
    )
  })

  test('need one write for a small scan, before any answer', () => {
    const { client, toServer, pump, answers } = createPair(MIN_WINDOW_BYTES)
    const before = toServer.length
    client.open(OPEN, Buffer.from('hello'))
    expect(toServer.length - before).toBe(1)
    pump()
    expect(answers).toEqual(['1 clean'])
  })

  test('take content of a whole window in one call', () => {
    const { client, pump, received, failures } = createPair(MAX_DATA_BYTES * 2)
    pump()
    const id = client.open(OPEN, Buffer.alloc(MAX_DATA_BYTES * 2, 'x'))
    pump()
    expect(received.get(id)?.length).toBe(MAX_DATA_BYTES * 2)
    expect(failures).toEqual([])
  })

  test('open no more streams than announced', () => {
    const { client, pump } = createPair(MIN_WINDOW_BYTES)
    const ids = Array.from({ length: 8 }, () => client.open(OPEN))
    expect(client.canOpen).toBe(false)
    expect(() => client.open(OPEN)).toThrow(RangeError)
    client.cancel(ids[3])
    expect(client.canOpen).toBe(true)
    pump()
    expect(client.openStreams).toBe(7)
  })

  test('send nothing on a stream that is gone', () => {
    const { client, server, pump, answers } = createPair(MIN_WINDOW_BYTES)
    const id = client.open(OPEN)
    client.cancel(id)
    pump()
    expect(server.isOpen(id)).toBe(false)
    expect(server.result(id, {} as never)).toBe(false)
    expect(server.credit(id, 5)).toBe(false)
    expect(server.event(id, { event: 'progress', bytesScanned: 1, bytesTotal: 1 })).toBe(false)
    expect(client.send(id, Buffer.from('x'), true)).toBe(0)
    pump()
    expect(answers).toEqual([])
  })

  test('answer requests beside scans', () => {
    const { client, pump, answers } = createPair(MIN_WINDOW_BYTES)
    client.open(OPEN)
    client.request('stats', { depth: 1 })
    pump()
    expect(answers).toEqual(['2 {"verb":"stats","args":{"depth":1}}'])
  })

  test('learn that a report was too long to send', () => {
    const { client, server, pump, answers } = createPair(MIN_WINDOW_BYTES)
    const id = client.open(OPEN)
    pump()
    server.result(id, { name: 'x'.repeat(17 * 1024 * 1024) } as never)
    pump()
    expect(answers).toEqual(['1 result-too-large'])
  })

  test('stop when their owner ends the connection inside a handler', () => {
    const { client, server, pump, failures, received } = createPair(MIN_WINDOW_BYTES)
    pump()
    client.open(OPEN)
    server.fail(new NativeError('idle-timeout'))
    pump()
    expect(failures.map(({ code }) => code)).toEqual(['idle-timeout', 'idle-timeout'])
    expect(received.size).toBe(0)
    expect(client.canOpen).toBe(false)
  })

  test('know a connection that ended inside a frame from one that ended between two', () => {
    const between = createPair(MIN_WINDOW_BYTES)
    between.pump()
    between.server.transportEnded()
    expect(between.failures).toEqual([])
    const inside = createPair(MIN_WINDOW_BYTES)
    inside.pump()
    inside.server.receive(Uint8Array.of(0, 0))
    inside.server.transportEnded()
    expect(inside.failures.map(({ code }) => code)).toEqual(['truncated'])
  })

  test('survive every changed byte with an answer or a typed error', () => {
    const clean = createPair(MIN_WINDOW_BYTES)
    clean.client.open(OPEN, Buffer.from('hello'))
    const id = clean.client.open(OPEN)
    clean.client.send(id, Buffer.from('world'), true)
    clean.client.cancel(clean.client.open(OPEN))
    clean.client.request('ping')
    const bytes = Buffer.concat(clean.toServer)
    for (let at = 0; at < bytes.length; at++) {
      for (const by of [1, 0x80, 0xff]) {
        const { server, failures } = createPair(MIN_WINDOW_BYTES)
        const changed = Buffer.from(bytes)
        changed[at] ^= by
        server.receive(changed)
        server.transportEnded()
        expect(failures.every(error => error instanceof NativeError)).toBe(true)
        expect(failures.length).toBeLessThan(2)
      }
    }
  })
})
