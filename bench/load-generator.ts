// Small scans over a socket as fast as a server answers them. A program of its own, so that its work is not the
// server's: node bench/load-generator.ts '<LoadOrder as JSON>' prints a LoadResult as JSON.
import { readFileSync } from 'node:fs'
import { connect as connectSocket } from 'node:net'
import { connect as connectClient } from '../src/client/index.ts'
import { instream, readAnswers } from './lib/clamd-session.ts'
import type { LoadOrder, LoadResult } from './lib/load-order.ts'
import { quantile } from './lib/statistics.ts'

const order = JSON.parse(process.argv[2]) as LoadOrder
/** Different contents, so that no store of verdicts answers instead of the scanner. */
const contents = order.samples.map(path => {
  const bytes = Buffer.alloc(order.bytes, '/* filler */\n')
  readFileSync(path).copy(bytes, 0, 0, order.bytes)
  return bytes
})
const STAMP_BYTES = 8

const latencies: number[] = []
const failures: string[] = []
let scans = 0
let measureFrom = 0
let endAt = 0

/** The next content with a stamp near its end that no other scan of this run has. */
function nextContent(): Uint8Array {
  const bytes = Buffer.from(contents[scans % contents.length])
  bytes.writeDoubleLE(Math.random() + scans++, bytes.length - 2 * STAMP_BYTES)
  return bytes
}

function finished(startedAt: number, answer: string): void {
  const now = performance.now()
  if (answer !== 'OK') failures.push(answer)
  else if (startedAt >= measureFrom && now <= endAt) latencies.push(now - startedAt)
}

const isOver = () => performance.now() >= endAt

/** A connection per scan, as most clients of clamd do. */
function instreamLoop(): Promise<void> {
  return new Promise(resolve => {
    const next = () => {
      if (isOver()) return resolve()
      const request = instream(nextContent())
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
function sessionLoop(): Promise<void> {
  return new Promise(resolve => {
    const socket = connectSocket(order.socket)
    let startedAt = 0
    const next = () => {
      if (isOver()) {
        socket.end('zEND\0')
        return
      }
      startedAt = performance.now()
      socket.write(instream(nextContent()))
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

/** One native connection per loop. */
async function nativeLoop(): Promise<void> {
  const client = await connectClient(`unix:${order.socket}`)
  while (!isOver()) {
    const content = nextContent()
    const startedAt = performance.now()
    const report = await client.scan({ name: 'stream', content, options: { allMatches: false } })
    finished(startedAt, report.verdict === 'clean' ? 'OK' : report.verdict)
  }
  client.close()
}

const LOOPS = { instream: instreamLoop, session: sessionLoop, native: nativeLoop }

measureFrom = performance.now() + order.warmupMs
endAt = measureFrom + order.measureMs
await Promise.all(Array.from({ length: order.connections }, LOOPS[order.mode]))
const result: LoadResult = {
  perSecond: latencies.length / (order.measureMs / 1000),
  p50Ms: quantile(latencies, 0.5),
  p99Ms: quantile(latencies, 0.99),
  failures: failures.length,
  firstFailure: failures[0] ?? '',
}
console.log(JSON.stringify(result))
