// Small scans over a socket as fast as a server answers them. A program of its own, so that its work is not the
// server's: node bench/load-generator.ts '<LoadOrder as JSON>' prints a LoadResult as JSON.
import { readFileSync } from 'node:fs'
import { connect as connectSocket } from 'node:net'
import { connect as connectClient } from '../src/client/index.ts'
import { instream, readAnswers } from './lib/clamd-session.ts'
import type { LoadOrder, LoadResult } from './lib/load-order.ts'
import { quantile } from './lib/statistics.ts'

const order = JSON.parse(process.argv[2]) as LoadOrder
const STAMP_BYTES = 8

const latencies: number[] = []
const failures: string[] = []
let scans = 0
let measureFrom = 0
let endAt = 0

/**
 * Contents of one loop, as INSTREAM requests made once. One is changed only when its last answer is there, so that
 * nothing is copied while the load runs.
 */
class Requests {
  readonly #requests: readonly Buffer[]
  #next = 0
  constructor(paths: readonly string[]) {
    this.#requests = paths.map(path => {
      const content = Buffer.alloc(order.bytes, '/* filler */\n')
      readFileSync(path).copy(content, 0, 0, order.bytes)
      return instream(content)
    })
  }

  /** The next request with a stamp near the end of its content that no other scan of this run has. */
  next(): Buffer {
    const request = this.#requests[this.#next++ % this.#requests.length]
    request.writeDoubleLE(Math.random() + scans++, HEAD_BYTES + order.bytes - 2 * STAMP_BYTES)
    return request
  }

  /** The same as bare content. */
  nextContent(): Uint8Array {
    return this.next().subarray(HEAD_BYTES, HEAD_BYTES + order.bytes)
  }
}

/** `zINSTREAM\0` and the length of the only chunk. */
const HEAD_BYTES = 14

function finished(startedAt: number, answer: string): void {
  const now = performance.now()
  if (answer !== 'OK') failures.push(answer)
  else if (startedAt >= measureFrom && now <= endAt) latencies.push(now - startedAt)
}

const isOver = () => performance.now() >= endAt

/** A connection per scan, as most clients of clamd do. */
function instreamLoop(requests: Requests): Promise<void> {
  return new Promise(resolve => {
    const next = () => {
      if (isOver()) return resolve()
      const request = requests.next()
      const startedAt = performance.now()
      const socket = connectSocket(order.socket)
      let answer = ''
      socket.write(request)
      socket.setEncoding('latin1').on('data', (text: string) => (answer += text))
      socket.on('error', error => failures.push(error.message))
      socket.on('close', () => {
        finished(startedAt, answer.replace(/^stream: /, '').replace(/\0$/, ''))
        next()
      })
    }
    next()
  })
}

/** One IDSESSION per connection, one request after the other. */
function sessionLoop(requests: Requests): Promise<void> {
  return new Promise(resolve => {
    const socket = connectSocket(order.socket)
    let startedAt = 0
    const next = () => {
      if (isOver()) {
        socket.end('zEND\0')
        return
      }
      startedAt = performance.now()
      socket.write(requests.next())
    }
    readAnswers(socket, answer => {
      finished(startedAt, answer.replace(/^\d+: stream: /, ''))
      next()
    })
    socket.on('error', error => failures.push(error.message))
    socket.on('close', () => resolve())
    socket.write('zIDSESSION\0')
    next()
  })
}

const connectNative = () => connectClient(`unix:${order.socket}`)

/** One native connection per loop. */
async function nativeLoop(requests: Requests): Promise<void> {
  const client = await connectNative()
  await scanNatively(client, requests)
  client.close()
}

let shared: ReturnType<typeof connectNative> | undefined

/** One native connection for all loops, with one scan of each under way. */
async function multiplexedLoop(requests: Requests): Promise<void> {
  shared ??= connectNative()
  await scanNatively(await shared, requests)
}

async function scanNatively(client: Awaited<ReturnType<typeof connectNative>>, requests: Requests): Promise<void> {
  while (!isOver()) {
    const content = requests.nextContent()
    const startedAt = performance.now()
    const report = await client.scan({ name: 'stream', content, options: { allMatches: false } })
    finished(startedAt, report.verdict === 'clean' ? 'OK' : report.verdict)
  }
}

const LOOPS = { instream: instreamLoop, session: sessionLoop, native: nativeLoop, multiplexed: multiplexedLoop }

const loops = Array.from(
  { length: order.connections },
  (_, loop) =>
    new Requests(order.samples.filter((_, index) => index % order.connections === loop % order.samples.length)),
)
measureFrom = performance.now() + order.warmupMs
endAt = measureFrom + order.measureMs
await Promise.all(loops.map(requests => LOOPS[order.mode](requests)))
if (shared !== undefined) (await shared).close()
const result: LoadResult = {
  perSecond: latencies.length / (order.measureMs / 1000),
  p50Ms: quantile(latencies, 0.5),
  p99Ms: quantile(latencies, 0.99),
  failures: failures.length,
  firstFailure: failures[0] ?? '',
}
console.log(JSON.stringify(result))
