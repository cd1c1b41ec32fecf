// Figures of the vault: content in and out of files, memory, archives. `node bench/vault.ts [MEBIBYTES]`

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { lessIsBetter, moreIsBetter, record, type Row } from './lib/record.ts'
import { createPackager, openVault } from '../src/store/index.ts'

const megabytes = Number(process.argv[2] ?? 1024)
const folder = mkdtempSync(join(tmpdir(), 'lazaret-bench-vault-'))
const piece = randomBytes(65_536)
const totalBytes = megabytes * 2 ** 20

async function* pieces(): AsyncIterable<Uint8Array> {
  for (let sent = 0; sent < totalBytes; sent += piece.length) yield await Promise.resolve(piece)
}

async function count(stream: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0
  for await (const chunk of stream) bytes += chunk.length
  return bytes
}

/** What a content may take while it streams, however long it is. */
const PROMISED_MB = 100
const FLOOR_MB_S = 50
/** The table wants something to compare with; nobody promised these. */
const NO_PEER = 'against a round figure: there is no peer'
const rows: Row[] = []
let peakBytes = 0
const timer = setInterval(() => (peakBytes = Math.max(peakBytes, process.memoryUsage.rss())), 20)

async function measure(name: string, bytes: number, work: () => Promise<unknown>): Promise<void> {
  peakBytes = process.memoryUsage.rss()
  const before = peakBytes
  const cpu = process.cpuUsage()
  const startedAt = performance.now()
  await work()
  const seconds = (performance.now() - startedAt) / 1000
  const { user, system } = process.cpuUsage(cpu)
  rows.push(moreIsBetter(name, 'MB/s', FLOOR_MB_S, bytes / 1e6 / seconds, undefined, NO_PEER))
  rows.push(lessIsBetter(`${name}, memory`, 'MB', PROMISED_MB, Math.max(1, (peakBytes - before) / 2 ** 20), 1))
  const mb = (value: number): string => (value / 2 ** 20).toFixed(0)
  console.log(
    `${name}: ${(bytes / 1e6 / seconds).toFixed(0)} MB/s (${((bytes / 1e6 / (user + system)) * 1e6).toFixed(0)} MB/s cpu), ` +
      `rss ${mb(before)} → at most ${mb(peakBytes)} MB`,
  )
}

const vault = await openVault({ place: join(folder, 'vault'), keyFile: join(folder, 'keys'), owner: true })
let taken = { intake: '', sha256: '', sha1: '', md5: '', sizeBytes: 0 }
await measure(`take in ${megabytes} MiB`, totalBytes, async () => {
  taken = await vault.takeIn(pieces(), { maxBytes: Infinity })
})
await vault.keep(taken.intake, taken.sha256)
await measure('read', totalBytes, async () => count((await vault.open(taken.sha256)).stream))
for (const [format, encryption] of [
  ['zip', 'aes'],
  ['zip', 'zipcrypto'],
  ['cart', 'aes'],
] as const) {
  const bytes = Math.min(totalBytes, 2 ** 28)
  await measure(`${format} ${encryption}`, bytes, async () => {
    const { stream } = await vault.open(taken.sha256, { offset: 0, length: bytes })
    return count(createPackager({ encryption }).pack(format, { ...taken, name: '', stream }).stream)
  })
}
const SMALL = 2000
const small = piece.subarray(0, 4096)
async function* one(): AsyncIterable<Uint8Array> {
  yield await Promise.resolve(small)
}
for (const lanes of [1, 16]) {
  const startedAt = performance.now()
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      for (let turn = 0; turn < SMALL / lanes; turn++) {
        const { intake } = await vault.takeIn(one(), { maxBytes: 4096 })
        await vault.discard(intake)
      }
    }),
  )
  const perSecond = SMALL / ((performance.now() - startedAt) / 1000)
  rows.push(
    moreIsBetter(`4 KiB taken in and discarded, ${lanes} at once`, 'contents/s', 1000, perSecond, undefined, NO_PEER),
  )
  console.log(`4 KiB taken in durably and discarded, ${lanes} at once: ${perSecond.toFixed(0)}/s`)
}
clearInterval(timer)
await vault.close()
rmSync(folder, { recursive: true })
process.exitCode = record('vault', rows, { mebibytes: megabytes }) ? 0 : 1
