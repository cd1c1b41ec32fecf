import { spawnSync } from 'node:child_process'
import { statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { createFakeScanner } from './fake-scanner.fuzz.ts'
import { at, serve } from './house.fuzz.ts'

describe('a unix socket', () => {
  const path = at('own.sock')
  const address = `unix:${path}`
  const failure = async (where: string): Promise<string> =>
    serve(where).then(
      () => 'listens',
      (error: Error & { code: string }) => error.code,
    )

  test('is for its owner alone, unless another mode is given', async () => {
    await serve(address)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    await serve(`${address}2`, createFakeScanner(), { socketMode: 0o660 })
    expect(statSync(`${path}2`).mode & 0o777).toBe(0o660)
  })

  test('of a dead server is taken over', async () => {
    const script = `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
    spawnSync(process.execPath, ['-e', script])
    expect(statSync(path).isSocket()).toBe(true)
    expect(await failure(address)).toBe('listens')
  })

  test('of a living server is not', async () => {
    await serve(address)
    expect(await failure(address)).toBe('address-in-use')
  })

  test('does not replace a file', async () => {
    const file = at('file')
    writeFileSync(file, 'precious')
    expect(await failure(`unix:${file}`)).toBe('not-a-socket')
    expect(statSync(file).size).toBe(8)
  })

  test('has a path that the system can take', async () => {
    expect(await failure(`unix:${at('x'.repeat(200))}`)).toBe('socket-path-too-long')
  })

  test('may lie in a folder that is not there yet', async () => {
    expect(await failure(`unix:${at('new/deeper/s.sock')}`)).toBe('listens')
    expect(statSync(at('new')).mode & 0o777).toBe(0o700)
  })

  test('port that is taken is named', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await new Promise(resolve => other.once('listening', resolve))
    const { port } = other.address() as { port: number }
    expect(await failure(`tcp:127.0.0.1:${port}`)).toBe('address-in-use')
    other.close()
  })
})
