import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { LAZARET } from '../bench/lib/servers.ts'
import { connect } from '../src/client/index.ts'
import type { ScanRecord } from '../src/usecases/index.ts'
import { missing } from './needs.ts'

// The whole server, killed while clients of the native protocol scan and their scans are recorded: what was answered is
// in the ledger, once, and the server starts again on what the kill has left.

const KILLS = Number(process.env.LEDGER_SERVE_KILLS ?? 12)
const CLIENTS = 4

describe.skipIf(missing('lazaret').length > 0)('lazaret serve --record native', () => {
  const data = mkdtempSync(join(tmpdir(), 'lazaret-serve-kills-'))
  afterAll(() => rmSync(data, { recursive: true, force: true }))
  const server = `unix:${join(data, 'native.sock')}`

  async function start(): Promise<ChildProcess> {
    const options = [LAZARET, 'serve', '--data', data, '--workers', '1', '--record', 'native', '--keep', 'everything']
    const child = spawn(process.execPath, options, { stdio: ['ignore', 'pipe', 'inherit'], detached: true })
    for await (const chunk of child.stdout) if (String(chunk).includes('is ready')) return child
    throw new Error('the server has ended')
  }

  it('is killed, and everything answered is there', async () => {
    const answered: string[] = []
    let number = 0
    for (let kill = 0; kill < KILLS; kill++) {
      const child = await start()
      const clients = Array.from({ length: CLIENTS }, async () => {
        const client = await connect(server, { retries: 0 })
        try {
          for (;;) {
            const name = `scan-${String(number++).padStart(6, '0')}`
            await client.scan({ name, content: Buffer.from(`content ${name}`), options: { allMatches: false } })
            answered.push(name)
          }
        } catch {
          // The server was killed.
        } finally {
          client.close()
        }
      })
      await new Promise(resolve => setTimeout(resolve, 100 + Math.random() * 300))
      const ended = once(child, 'exit')
      // With its engine and sandboxes, as a power cut would.
      process.kill(-(child.pid as number), 'SIGKILL')
      await Promise.all([ended, ...clients])
    }
    const found = new Map<string, number>()
    for (const name of answered) {
      // Not all of them: starting a program for each would take minutes.
      if (found.size >= 40 && Math.random() > 40 / answered.length) continue
      const text = execFileSync(process.execPath, [LAZARET, 'search', '--data', data, '--json', `name:"${name}"`], {
        encoding: 'utf8',
      })
      const { scans } = JSON.parse(text) as { scans: ScanRecord[] }
      found.set(name, scans.filter(scan => scan.name === name && scan.verdict === 'clean').length)
    }
    console.log(`${KILLS} kills, ${answered.length} scans answered, ${found.size} looked for`)
    expect(answered.length).toBeGreaterThan(KILLS)
    expect([...found].filter(([, count]) => count !== 1)).toEqual([])
  })
})
