import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { LAZARET } from '../bench/lib/servers.ts'
import { SHARED } from '../bench/lib/folders.ts'
import type { Report } from '../src/report/index.ts'
import { missing } from './needs.ts'

// Archives of real tools behind a real program: those that can be read are clean; what is encrypted, damaged or cut off
// is never clean.

const folder = mkdtempSync(join(tmpdir(), 'lazaret-sfx-'))
afterAll(() => rmSync(folder, { recursive: true }))

const PROGRAM = readFileSync('/bin/true')
const PASSWORD = '-pnobody-guesses-this'

function verdict(name: string, archive: Uint8Array): string {
  const file = join(folder, `${name}.exe`)
  writeFileSync(file, Buffer.concat([PROGRAM, archive]))
  const database = join(folder, 'one.hdb')
  writeFileSync(database, '44d88612fea8a8f36de82e1278abb02f:68:Test\n')
  const options = ['scan', '--local', '--db', database, '--data', join(folder, 'data'), '--format', 'json', file]
  // Its exit code tells what it found.
  const run = `"$0" "$@" || true`
  const text = execFileSync('sh', ['-c', run, process.execPath, LAZARET, ...options], { encoding: 'utf8' })
  const [report] = (JSON.parse(text) as { reports: Report[] }).reports
  const reasons = report.artifacts.flatMap(({ notSeen }) => notSeen.map(({ reason }) => reason))
  return [report.verdict, ...new Set(reasons)].join(' ')
}

function packed(name: string, ...options: readonly string[]): Buffer {
  const content = join(folder, 'content.txt')
  const archive = join(folder, name)
  writeFileSync(content, readFileSync('/usr/share/common-licenses/GPL-3').subarray(0, 8000))
  rmSync(archive, { force: true })
  execFileSync('7z', ['a', ...options, archive, content], { stdio: 'ignore' })
  return readFileSync(archive)
}

const damaged = (archive: Buffer): Buffer => {
  const bytes = Buffer.from(archive)
  for (let at = Math.floor(bytes.length * 0.3); at < bytes.length * 0.4; at++) bytes[at] ^= 0x5a
  return bytes
}
const cut = (archive: Buffer): Buffer => archive.subarray(0, Math.floor(archive.length * 0.6))

/** As the tool packs it, and whether damage in its middle can be told from what lies behind the program. */
function judge(name: string, archive: Buffer): void {
  expect(verdict(name, archive)).toBe('clean')
  expect(verdict(`damaged-${name}`, damaged(archive))).toBe('unscannable malformed')
  expect(verdict(`cut-${name}`, cut(archive))).toBe('unscannable malformed')
}

describe.skipIf(missing('lazaret', '7z').length > 0)('archives of 7-Zip behind a program', () => {
  it.each(['zip', '7z', 'xz'])('%s', kind => judge(kind, packed(`a.${kind}`)))

  it.each([
    ['zip', 'zip', []],
    ['AES in zip', 'zip', ['-mem=AES256']],
    ['7z', '7z', []],
    ['7z with its names', '7z', ['-mhe=on']],
  ])('%s, encrypted', (name, kind, options) => {
    expect(verdict(name, packed(`encrypted.${kind}`, PASSWORD, ...options))).toBe('unscannable encrypted')
  })
})

describe.skipIf(missing('lazaret', 'corpora').length > 0)('archives of RAR behind a program', () => {
  it.each(['testfile.rar3.rar', 'testfile.rar3.solid.rar', 'testfile.rar5.rar', 'testfile.rar5.solid.rar'])(
    '%s',
    name => judge(name, readFileSync(join(SHARED, 'corpora/rar', name))),
  )
})
