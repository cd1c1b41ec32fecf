import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { openVault } from '../src/store/index.ts'

// A vault whose process is killed at any moment, keys being rotated all the time: what was acknowledged is there and can
// be read, what was deleted is gone, and nothing half is left.

const KILLS = Number(process.env.VAULT_KILLS ?? 60)
const folder = mkdtempSync(join(tmpdir(), 'lazaret-vault-kills-'))
afterAll(() => rmSync(folder, { recursive: true }))
const place = join(folder, 'vault')
const keyFile = join(folder, 'keys')

async function runAndKill(seed: number): Promise<string[]> {
  const script = join(import.meta.dirname, 'vault', 'kill-worker.ts')
  const child = spawn(process.execPath, [script, place, keyFile, String(seed)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const ended = once(child, 'close')
  await expect.poll(() => output.includes('ready') || child.exitCode !== null, { timeout: 20_000 }).toBe(true)
  await new Promise(resolve => setTimeout(resolve, Math.random() * 150))
  expect(child.exitCode).toBeNull()
  child.kill('SIGKILL')
  await ended
  // A last line without its end was not said.
  return output.split('\n').slice(0, -1)
}

it(`survives ${KILLS} kills`, async () => {
  const kept = new Set<string>()
  const maybe = new Set<string>()
  const waiting = new Map<string, string>()
  for (let kill = 0; kill < KILLS; kill++) {
    for (const line of await runAndKill(kill)) {
      const [word, id, sha256] = line.split(' ')
      if (word === 'intake') waiting.set(id, sha256)
      if (word === 'discarding' || word === 'keeping') {
        if (word === 'keeping') maybe.add(waiting.get(id) ?? '')
        waiting.delete(id)
      }
      if (word === 'kept') kept.add(id)
      if (word === 'deleting') {
        kept.delete(id)
        maybe.add(id)
      }
      if (word === 'deleted') maybe.delete(id)
      if (word === 'kept') maybe.delete(id)
    }
  }
  const vault = await openVault({ place, keyFile, owner: true })
  await vault.settled()
  const { problems, byKey } = await vault.check({ deep: true })
  expect(problems).toEqual([])
  expect([...byKey.keys()]).toEqual([(await vault.status()).key])
  const found = new Set<string>()
  for await (const sha256 of vault.list()) found.add(sha256)
  expect([...kept].filter(sha256 => !found.has(sha256))).toEqual([])
  expect([...found].filter(sha256 => !kept.has(sha256) && !maybe.has(sha256))).toEqual([])
  for (const [intake, sha256] of waiting) {
    const hash = createHash('sha256')
    for await (const chunk of await vault.openIntake(intake)) hash.update(chunk)
    expect(hash.digest('hex')).toBe(sha256)
  }
  expect(readdirSync(join(place, 'intake')).filter(name => name.endsWith('.part'))).toEqual([])
  expect(kept.size).toBeGreaterThan(KILLS)
  await vault.close()
  console.info(`${KILLS} kills: ${kept.size} kept, ${waiting.size} waiting, ${maybe.size} undecided`)
}, 600_000)
