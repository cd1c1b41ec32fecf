import { describe, expect, test } from 'vitest'
import { bytesOf, FEEDS, framesOf, readCases } from './cases.fuzz.ts'
import type { Case } from './cases.fuzz.ts'
import { ClientEndpoint } from './client.ts'
import { FRAME, FRAME_RULES } from './constants.ts'
import { FrameDecoder } from './decoder.ts'
import type { Sender } from './decoder.ts'
import { NativeError } from './errors.ts'
import type { Hello } from './payloads.ts'
import { ServerEndpoint } from './server.ts'

const text = (bytes: Uint8Array): string => JSON.stringify(Buffer.from(bytes).toString('latin1'))

/** Feeds a decoder; DATA that came in pieces is put together again. */
const decode = (pieces: readonly Uint8Array[], sender: Sender): string[] => {
  const events: string[] = []
  const decoder = new FrameDecoder(sender)
  let data = Buffer.alloc(0)
  const tell = (type: number, flags: number, streamId: number, payload: Uint8Array): void => {
    const name = FRAME_RULES[type]?.name
    events.push(`@${decoder.frameOffset} ${name} flags=${flags} stream=${streamId} ${text(payload)}`)
  }
  try {
    for (const piece of pieces) {
      decoder.push(piece, {
        frame: tell,
        data: (streamId, part, flags, last) => {
          data = Buffer.concat([data, part])
          if (!last) return
          tell(FRAME.DATA, flags, streamId, data)
          data = Buffer.alloc(0)
        },
      })
    }
  } catch (error) {
    if (!(error instanceof NativeError)) throw error
    events.push(`@${error.offset} error ${error.code}`)
  }
  return events
}

/** The frames that an endpoint wrote, without its HELLO. */
const written = (bytes: Uint8Array, sender: Sender): string[] => {
  const lines: string[] = []
  const decoder = new FrameDecoder(sender)
  decoder.push(bytes, {
    frame: (type, _flags, streamId, payload) => {
      const body = Buffer.from(payload).toString()
      const said = type === FRAME.ERROR ? (JSON.parse(body) as { code: string }).code : body
      if (type !== FRAME.HELLO) lines.push(`< ${FRAME_RULES[type]?.name} ${streamId} ${said}`)
    },
    data: () => {},
  })
  return lines
}

const helloOf = (software: string, windowBytes: number, auth: Hello['auth'] = []): Hello => ({
  version: 1,
  minVersion: 1,
  software,
  auth,
  limits: { windowBytes, maxStreams: 8 },
})
const greetOf = (hello: Hello): string => `HELLO 0 ${JSON.stringify({ protocol: 'lazaret', ...hello })}`

/** Where a connection broke, as the number of the frame at fault. */
const closedLine = (error: NativeError, side: 'own' | 'peer', frames: readonly Uint8Array[]): string => {
  if (side === 'peer') return `closed by peer ${error.code}`
  let at = 0
  const number = frames.findIndex(frame => (at += frame.length) > (error.offset ?? -1)) + 1
  return `closed ${error.code} at ${number}`
}

const runServer = ({ setting }: Case, frames: readonly Uint8Array[], feed: (bytes: Uint8Array) => Uint8Array[]) => {
  const events: string[] = []
  const received = new Map<number, number>()
  const report = { verdict: 'clean', artifacts: [] } as never
  const has = (word: string): boolean => setting.split(' ').includes(word)
  const server: ServerEndpoint = new ServerEndpoint(
    {
      hello: helloOf('s/1', 65_536, has('token') ? ['token'] : []),
      allowPath: has('paths'),
      write: bytes => events.push(...written(bytes, 'server')),
    },
    {
      hello: peer => events.push(`hello ${peer.software}`),
      auth: ({ token }) => token === 'sesame',
      open: (id, open, ended) => {
        const path = open.path === undefined ? '' : ` path ${JSON.stringify(open.path)}`
        events.push(`open ${id} ${JSON.stringify(open.name)}${ended ? ' ended' : ''}${path}`)
        if (ended && has('answers')) server.result(id, report)
        if (has('refuses')) server.error(id, new NativeError('busy'))
      },
      data: (id, piece, ended) => {
        const total = (received.get(id) ?? 0) + piece.length
        received.set(id, total)
        if (events.at(-1)?.startsWith(`data ${id} `) === true) events.pop()
        events.push(`data ${id} ${total}${ended ? ' ended' : ''}`)
        if (ended && has('answers')) server.result(id, report)
      },
      cancel: id => events.push(`cancel ${id}`),
      request: (id, { verb }) => {
        events.push(`request ${id} ${verb}`)
        if (has('answers')) server.reply(id, {})
      },
      closed: (error, side) => events.push(closedLine(error, side, frames)),
    },
  )
  server.start()
  if (has('drains')) {
    server.goAway('shutting-down')
    events.length = 0
  }
  for (const piece of feed(Buffer.concat(frames))) server.receive(piece)
  return events
}

const runClient = (frames: readonly Uint8Array[], feed: (bytes: Uint8Array) => Uint8Array[]) => {
  const events: string[] = []
  const client: ClientEndpoint = new ClientEndpoint(
    { hello: helloOf('c/1', 65_536), write: bytes => events.push(...written(bytes, 'client')) },
    {
      hello: peer => events.push(`hello ${peer.software}`),
      event: (id, { event }) => events.push(`event ${id} ${event}`),
      result: (id, { verdict }) => events.push(`result ${id} ${verdict}`),
      reply: (id, body) => events.push(`reply ${id} ${JSON.stringify(body)}`),
      error: (id, { code, retryAfterMs }) => events.push(`error ${id} ${code} ${retryAfterMs ?? ''}`.trimEnd()),
      credit: id => events.push(`credit ${id} ${client.creditOf(id)}`),
      goAway: ({ lastStreamId }) => events.push(`goaway ${lastStreamId}`),
      closed: (error, side) => events.push(closedLine(error, side, frames)),
    },
  )
  client.start()
  client.open({ name: 'a', options: { allMatches: false } })
  client.open({ name: 'b', options: { allMatches: false } }, Buffer.from('whole'))
  client.request('version')
  events.length = 0
  for (const piece of feed(Buffer.concat(frames))) client.receive(piece)
  return events
}

describe.each(FEEDS)('fed %s', (_, feed) => {
  test.each(readCases('frames.md'))('frames: $title', ({ setting, input, events }) => {
    expect(decode(feed(bytesOf(input)), setting.replace('from ', '') as Sender)).toEqual(events)
  })

  test.each(readCases('server.md'))('server: $title', found => {
    const frames = framesOf(found.input, greetOf(helloOf('c/1', 65_536)))
    expect(runServer(found, frames, feed)).toEqual(found.events)
  })

  test.each(readCases('client.md'))('client: $title', found => {
    const frames = framesOf(found.input, greetOf(helloOf('s/1', 100_000)))
    expect(runClient(frames, feed)).toEqual(found.events)
  })
})
