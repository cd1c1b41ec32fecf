import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { CLIENTS } from '../src/services/rest/docs.ts'
import { testServer, type TestServer } from '../src/services/rest/house.fuzz.ts'

// The document under a linter, and the clients of docs/rest.md as they stand there.

const folder = mkdtempSync(join(tmpdir(), 'lazaret-rest-'))
let server: TestServer
beforeAll(async () => {
  server = await testServer()
})
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true })
})

const LINTER = '@redocly/cli@2.77.0'
const has = (program: string, ...args: string[]): boolean => spawnSync(program, args, { timeout: 60_000 }).status === 0

/** Logins at a provider end in redirects: that rule does not know operations of browsers. */
it.skipIf(!has('npx', '--yes', LINTER, '--version'))('the OpenAPI document is clean (needs the npm registry)', async () => {
  const path = join(folder, 'openapi.json')
  writeFileSync(path, await (await fetch(`${server.url}/openapi.json`, { headers: { authorization: 'Bearer viewer' } })).text())
  const run = spawnSync('npx', ['--yes', LINTER, 'lint', '--skip-rule', 'operation-2xx-response', '--format', 'stylish', path], { encoding: 'utf8', cwd: folder })
  expect(run.stdout + run.stderr).not.toMatch(/\b(error|warning)s?\b.*openapi|\d+ (error|warning)s?\./)
  expect(run.status).toBe(0)
}, 120_000) // prettier-ignore

const RUNNERS = [
  ['curl', 'bash', 'client.sh', has('curl', '--version')],
  ['python', 'python3', 'client.py', has('python3', '-c', 'import requests')],
  ['node', process.execPath, 'client.mjs', true],
  ['php', 'php', 'client.php', has('php', '-r', 'exit(function_exists("curl_init") ? 0 : 1);')],
] as const
it.each(RUNNERS.filter(([, , , there]) => there))('the client in %s finds what is infected', async (name, program, file) => {
  const sample = join(folder, 'sample.bin')
  writeFileSync(sample, 'this is infected')
  writeFileSync(join(folder, file), CLIENTS[name])
  const env = { ...process.env, LAZARET_URL: server.url.replace('/api/v1', ''), LAZARET_KEY: 'submitter' }
  const child = spawn(program, [join(folder, file), sample], { env })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (output += String(chunk)))
  const code = await new Promise(resolve => child.on('close', resolve))
  expect([code, output.includes('infected')]).toEqual([0, true])
}, 30_000) // prettier-ignore
