// REST against the native protocol: small scans with the same number of connections; and memory during a long upload.
// usage: node bench/rest.ts [--seconds 5] [--connections 8] [--gigabytes 4]
import { readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { connect } from '../src/client/index.ts'
import { realSet, SCRATCH } from './lib/folders.ts'
import { lessIsBetter, moreIsBetter, record } from './lib/record.ts'
import { startLazaret } from './lib/servers.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    connections: { type: 'string', default: '8' },
    gigabytes: { type: 'string', default: '4' },
  },
})
const connections = Number(values.connections)
const seconds = Number(values.seconds)
const PORT = 8329
const BYTES = 4096
const MEMORY_PROMISE_BYTES = 400e6
const RATE_PROMISE = 0.6

const server = await startLazaret({
  folder: join(SCRATCH, 'rest'),
  database: realSet(),
  threads: 2,
  lazaretOptions: ['--http', `127.0.0.1:${PORT}`],
})
let made = 0
/** Content that no other scan of this run has. */
function content(): Buffer {
  const bytes = Buffer.alloc(BYTES, '/* filler */\n')
  bytes.writeDoubleLE(Math.random() + made++, BYTES - 16)
  return bytes
}

const agent = new Agent({ keepAlive: true, maxSockets: connections })
function post(path: string, body: Buffer | Iterable<Buffer>): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/octet-stream', ...(Buffer.isBuffer(body) ? { 'content-length': body.length } : {}) }
    const asked = request({ port: PORT, host: '127.0.0.1', method: 'POST', path, agent, headers }, reply => {
      reply.resume()
      reply.on('end', () => resolve(reply.statusCode ?? 0))
    })
    asked.on('error', reject)
    if (Buffer.isBuffer(body)) asked.end(body)
    else void pour(body, asked)
  })
} // prettier-ignore

async function pour(body: Iterable<Buffer>, asked: ReturnType<typeof request>): Promise<void> {
  for (const chunk of body) if (!asked.write(chunk)) await new Promise(resolve => asked.once('drain', resolve))
  asked.end()
}

async function rateOf(scan: () => Promise<unknown>): Promise<number> {
  const warmUntil = performance.now() + 1500
  const until = warmUntil + seconds * 1000
  let scans = 0
  const loop = async (): Promise<void> => {
    while (performance.now() < until) {
      await scan()
      if (performance.now() > warmUntil) scans++
    }
  }
  await Promise.all(Array.from({ length: connections }, loop))
  return scans / seconds
}

const clients = await Promise.all(Array.from({ length: connections }, () => connect(`unix:${server.native}`)))
let turn = 0
const options = { allMatches: false }
const native = await rateOf(() =>
  clients[turn++ % connections].scan({ name: 'x', content: content(), options } as never),
)
for (const client of clients) client.close()
const failures = new Map<number, number>()
const rest = await rateOf(async () => {
  const status = await post('/api/v1/scan?name=x', content())
  if (status !== 200) failures.set(status, (failures.get(status) ?? 0) + 1)
})
console.log(`native ${native.toFixed(0)}/s, REST ${rest.toFixed(0)}/s, failures ${JSON.stringify([...failures])}`)

const residentBytes = (): number =>
  Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1] ?? 0) * 1024
let peak = 0
const watch = setInterval(() => (peak = Math.max(peak, residentBytes())), 50)
function* long(): Generator<Buffer> {
  const chunk = Buffer.alloc(1024 * 1024, 'x')
  for (let sent = 0; sent < Number(values.gigabytes) * 1024; sent++) {
    yield chunk
  }
}
const startedMs = performance.now()
const status = await post('/api/v1/scans?name=long', long())
const uploadSeconds = (performance.now() - startedMs) / 1000
clearInterval(watch)
console.log(
  `upload of ${values.gigabytes} GiB: HTTP ${status}, ${uploadSeconds.toFixed(1)} s, peak ${(peak / 1e6).toFixed(0)} MB`,
)
await server.stop()
agent.destroy()
record('rest', [
  moreIsBetter(`scan of ${BYTES} bytes and wait, ${connections} connections: native against REST`, 'scans/s', native, rest, RATE_PROMISE),
  lessIsBetter(`memory of the server while ${values.gigabytes} GiB come in`, 'MB', MEMORY_PROMISE_BYTES / 1e6, peak / 1e6, 1),
], { seconds, connections }) // prettier-ignore
