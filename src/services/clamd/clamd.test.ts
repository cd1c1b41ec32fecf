import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { REASONS } from '../../report/index.ts'
import { startClamdListener } from './listener.ts'
import type { ClamdListener, ClamdListenerOptions } from './listener.ts'
import { FakeScanner } from './testing/fake-scanner.ts'
import { chunk, connectTo, instream, STREAM_END, talk } from './testing/talk.ts'
import type { TalkOptions } from './testing/talk.ts'

let folder: string
let scanner: FakeScanner
let listener: ClamdListener

const start = async (more: Partial<ClamdListenerOptions> = {}): Promise<ClamdListener> => {
  listener = await startClamdListener({ address: `unix:${join(folder, 'clamd.sock')}`, scanner, ...more })
  return listener
}
const ask = async (packets: string | readonly string[], options?: TalkOptions): Promise<string> => {
  const talked = await talk(listener.address, typeof packets === 'string' ? [packets] : packets, options)
  expect(talked.error).toBe('')
  return talked.said
}
const eventually = async (what: () => boolean): Promise<void> => {
  for (let i = 0; i < 300 && !what(); i++) await new Promise(resolve => setTimeout(resolve, 10))
  expect(what()).toBe(true)
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lazaret-clamd-'))
  scanner = new FakeScanner()
})
afterEach(async () => {
  await listener.close()
  expect(listener.connections).toBe(0)
  expect(scanner.active).toBe(0)
  await rm(folder, { recursive: true })
})

describe('commands', () => {
  test.each([
    ['nPING\n', 'PONG\n'],
    ['zPING\0', 'PONG\0'],
    ['PING', 'PONG\n'],
    ['PING\r\n', 'PONG\n'],
    ['nVERSION\n', 'Lazaret 0.0.0/7/Sun Mar 15 07:24:00 2026\n'],
    ['nQUUX\n', 'UNKNOWN COMMAND\n'],
    ['GET / HTTP/1.1\r\n\r\n', 'UNKNOWN COMMAND\n'],
    ['nEND\n', 'UNKNOWN COMMAND\n'],
    ['nSHUTDOWN\n', 'COMMAND UNAVAILABLE\n'],
    ['QUIT', 'COMMAND UNAVAILABLE\n'],
    ['zFILDES\0', 'FILDES is not supported, send the content with INSTREAM. ERROR\0'],
    ['nDETSTATS\n', ''],
    ['nRELOAD\n', 'RELOADING\n'],
    [instream('hello'), 'stream: OK\0'],
    [instream('EVIL'), 'stream: Fake.Evil FOUND\0'],
    [instream(''), 'stream: OK\0'],
    ['zIDSESSION\0zPING\0nPING\nzEND\0', '1: PONG\x002: PONG\n'],
    [`zIDSESSION\0${instream('EVIL')}zEND\0`, '1: stream: Fake.Evil FOUND\0'],
    ['zIDSESSION\0zCONTSCAN /\0', '1: Command invalid inside IDSESSION. ERROR\0'],
    ['zIDSESSION\0zFILDES\0zEND\0', '1: FILDES is not supported, send the content with INSTREAM. ERROR\0'],
    [
      'zIDSESSION\0PING',
      '1: Only nCMDS\\n and zCMDS\\0 are accepted inside IDSESSION. ERROR\x001: Error processing command. ERROR\0',
    ],
    ['zIDSESSION\0zEND\0', ''],
    [`nINSTREAM\n${chunk('half')}`, ''],
    ['nPIN', ''],
  ])('%j', async (packet, reply) => {
    await start()
    expect(await ask(packet, { half: true })).toBe(reply)
  })

  test('the text of VERSION can be chosen, SHUTDOWN allowed; VERSIONCOMMANDS knows', async () => {
    let stopped = 0
    await start({ version: 'ClamAV 1.4.6', shutdown: () => void stopped++ })
    expect(await ask('zVERSION\0')).toBe('ClamAV 1.4.6\0')
    expect(await ask('zVERSIONCOMMANDS\0')).toMatch(/^ClamAV 1\.4\.6\| COMMANDS: SCAN QUIT RELOAD .*INSTREAM/)
    expect(await ask('zSHUTDOWN\0')).toBe('')
    expect(stopped).toBe(1)
  })

  test('STATS', async () => {
    await start()
    const text = await ask('nSTATS\n')
    expect(text).toMatch(/^POOLS: 1\n\nSTATE: VALID PRIMARY\nTHREADS: live 2 {2}idle 1 max 2 idle-timeout 30\n/)
    expect(text).toMatch(/QUEUE: 3 items\n\tINSTREAM 1\.000000 stream\n\nMEMSTATS: heap 1\.000M .*\nEND\n$/)
  })

  test('too long a command: no reply', async () => {
    await start()
    expect((await talk(listener.address, [`n${'A'.repeat(5000)}`])).said).toBe('')
  })

  test('names from outside cannot forge a line', async () => {
    scanner.signature = 'A FOUND\nstream: OK\0'
    await start()
    expect(await ask('nSCAN /a\tb\n')).toBe('/a\\x09b: File path check failure: No such file or directory. ERROR\n')
    expect(await ask('zSCAN /a\nb: OK\0')).toMatch(/^\/a\\x0ab: OK: File path .* ERROR\0$/)
    expect(await ask(`n${instream('EVIL').slice(1).replace('\0', '\n')}`)).toBe(
      'stream: A FOUND\\x0astream: OK\\x00 FOUND\n',
    )
  })
})

describe('verdicts', () => {
  const names: Record<string, string> = {
    encrypted: 'Heuristics.Encrypted.Zip FOUND',
    'too-deep': 'Heuristics.Limits.Exceeded.MaxRecursion FOUND',
    'too-large': 'Heuristics.Limits.Exceeded.MaxFileSize FOUND',
    time: 'Heuristics.Limits.Exceeded.MaxScanTime FOUND',
    malformed: 'Heuristics.Limits.Exceeded.Malformed FOUND',
    unsupported: 'Heuristics.Limits.Exceeded.Unsupported FOUND',
    ambiguous: 'Heuristics.Limits.Exceeded.Ambiguous FOUND',
    crashed: 'Heuristics.Limits.Exceeded.Crashed FOUND',
    unreadable: "Can't read file ERROR",
  }
  test.each(REASONS)('unscannable: %s', async reason => {
    await start()
    expect(await ask(instream(`UNSEEN ${reason}`))).toBe(`stream: ${names[reason]}\0`)
    await listener.close()
    await start({ lax: true })
    const lax = reason === 'unreadable' ? names[reason] : 'OK'
    expect(await ask(instream(`UNSEEN ${reason}`))).toBe(`stream: ${lax}\0`)
  })

  test.each([
    ['busy', 'Scanner is busy, try again later ERROR'],
    ['shutting-down', 'Scanner is shutting down ERROR'],
    ['internal', 'Scanner failed, see its log ERROR'],
  ])('refused: %s', async (code, text) => {
    await start()
    expect(await ask(instream(`FAIL ${code}`))).toBe(`stream: ${text}\0`)
  })
})

describe('paths', () => {
  const write = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text)

  beforeEach(async () => {
    for (const name of ['tree', 'tree/sub', 'clean', 'empty']) await mkdir(join(folder, name))
    await write('tree/evil', 'EVIL EVIL')
    await write('tree/fine', 'fine')
    await write('tree/sub/evil', 'EVIL')
    await write('clean/a', 'a')
    await write('clean/b', 'b')
    await symlink('evil', join(folder, 'tree/link'))
  })
  const lines = async (command: string, name: string): Promise<string[]> => {
    const said = await ask(`z${command} ${join(folder, name)}${name.endsWith('/') ? '/' : ''}\0`)
    return said.replaceAll(`${folder}/`, '').split('\0').filter(Boolean).sort()
  }

  test.each([
    ['SCAN', 'tree/evil', ['tree/evil: Fake.Evil FOUND']],
    ['SCAN', 'tree/fine', ['tree/fine: OK']],
    ['ALLMATCHSCAN', 'tree/evil', ['tree/evil: Fake.Evil FOUND', 'tree/evil: Fake.Evil-1 FOUND']],
    ['SCAN', 'clean', ['clean: OK']],
    ['SCAN', 'clean/', ['clean: OK']],
    ['CONTSCAN', 'tree', ['tree/evil: Fake.Evil FOUND', 'tree/sub/evil: Fake.Evil FOUND']],
    ['MULTISCAN', 'tree', ['tree/evil: Fake.Evil FOUND', 'tree/sub/evil: Fake.Evil FOUND']],
    ['MULTISCAN', 'clean', ['clean: OK']],
    ['CONTSCAN', 'empty', ['empty: OK']],
    ['MULTISCAN', 'empty', []],
    ['SCAN', 'nope', ['nope: File path check failure: No such file or directory. ERROR']],
    ['SCAN', 'tree/fine/x', ['tree/fine/x: File path check failure: Not a directory. ERROR']],
    ['SCAN', 'tree/link', ['tree/link: Symbolic link not followed ERROR']],
    ['SCAN', 'clamd.sock', ['clamd.sock: Not supported file type ERROR']],
  ])('%s %s', async (command, name, expected) => {
    await start()
    expect(await lines(command, name)).toEqual(expected)
  })

  test('SCAN ends at the first infected file of a folder', async () => {
    await start()
    expect(await lines('SCAN', 'tree')).toHaveLength(1)
  })

  test('lax: as clamd, links and devices are OK', async () => {
    await start({ lax: true })
    expect(await lines('SCAN', 'tree/link')).toEqual(['tree/link: OK'])
    expect(await ask('zSCAN /dev/null\0')).toBe('/dev/null: Not supported file type ERROR\0/dev/null: OK\0')
  })

  test('a link that is named is followed where that is allowed', async () => {
    await start({ followLinks: true })
    expect(await lines('SCAN', 'tree/link')).toEqual(['tree/link: Fake.Evil FOUND'])
  })

  test('folders too deep are told, and the folder is not OK', async () => {
    await rm(join(folder, 'tree/sub/evil'))
    await rm(join(folder, 'tree/evil'))
    await start({ limits: { maxFolderDepth: 0 } })
    expect(await lines('CONTSCAN', 'tree')).toEqual(['tree/sub: Directory recursion limit exceeded ERROR'])
  })

  test('names that are no text', async () => {
    const name = Buffer.concat([Buffer.from(`${folder}/caf`), Buffer.of(0xe9)])
    await writeFile(name, 'EVIL')
    await start()
    const path = name.toString('latin1')
    expect(await ask(`zSCAN ${path}\0`)).toBe(`${path}: Fake.Evil FOUND\0`)
    expect(await ask(`zCONTSCAN ${folder}\0`)).toContain(`${path}: Fake.Evil FOUND\0`)
  })
})

describe('streams', () => {
  test('in any pieces, short and long', async () => {
    await start({ limits: { inlineBytes: 1000 } })
    for (const size of [10, 1000, 1001, 200_000]) {
      const text = `EVIL${'x'.repeat(size - 4)}`
      const packets = ['zINSTREAM\0', chunk(text.slice(0, 3)), chunk(text.slice(3)) + STREAM_END]
      expect(await ask(packets)).toBe('stream: Fake.Evil FOUND\0')
    }
  })

  test('too long: the text is always delivered, however much more is sent', async () => {
    await start({ limits: { maxStreamBytes: 100_000, inlineBytes: 1000 } })
    const packets = ['zINSTREAM\0', ...Array.from({ length: 200 }, () => chunk('x'.repeat(65_000))), STREAM_END]
    for (let i = 0; i < 5; i++) expect(await ask([packets.join('')])).toBe('INSTREAM size limit exceeded. ERROR\0')
    expect(await ask(`zIDSESSION\0${packets.join('')}`)).toBe('1: INSTREAM size limit exceeded. ERROR\0')
    expect(await ask('zINSTREAM\0\xff\xff\xff\xff', { half: true })).toBe('INSTREAM size limit exceeded. ERROR\0')
  })

  test('an answer that comes before the end of the stream is delivered, and the rest is read', async () => {
    scanner.busy = true
    await start({ limits: { inlineBytes: 10 } })
    const packets = ['zINSTREAM\0', ...Array.from({ length: 50 }, () => chunk('x'.repeat(65_000))), STREAM_END]
    expect(await ask([packets.join('')])).toBe('stream: Scanner is busy, try again later ERROR\0')
  })

  test('half-closed after its end: the answer is still given on a unix socket', async () => {
    await start()
    expect(await ask(instream('SLOW 300'), { half: true })).toBe('stream: OK\0')
  })
})

describe('limits', () => {
  test('TCP, also with half-closed and vanished clients', async () => {
    await start({ address: 'tcp:127.0.0.1:0', limits: { halfCloseMs: 50 } })
    expect(await ask(instream('EVIL'), { half: true })).toBe('stream: Fake.Evil FOUND\0')
    const socket = connectTo(listener.address)
    socket.write(instream('SLOW 60000'), 'latin1')
    await eventually(() => scanner.active === 1)
    socket.destroy()
    await eventually(() => scanner.active === 0)
    expect(scanner.cancelled).toBe(1)
  })

  test.each(['tcp:0.0.0.0:0', 'tcp:192.0.2.1:3310', 'tls:127.0.0.1:0'])('%s is refused', async address => {
    await start()
    await expect(startClamdListener({ address, scanner })).rejects.toMatchObject({ code: 'insecure-address' })
  })

  test('a vanished client: its scan is cancelled, in mid-stream and behind it', async () => {
    await start({ limits: { inlineBytes: 2 } })
    for (const packet of [instream('SLOW 60000'), `zINSTREAM\0${chunk('half')}`]) {
      const socket = connectTo(listener.address)
      socket.write(packet, 'latin1')
      await eventually(() => scanner.active === 1)
      socket.destroy()
      await eventually(() => scanner.active === 0 && listener.connections === 0)
    }
  })

  test('silence is timed out, before a command, in a stream and in a session', async () => {
    await start({ limits: { commandTimeoutMs: 60, readTimeoutMs: 60, sweepMs: 10 } })
    for (const packet of ['nPI', `zINSTREAM\0${chunk('abc')}`, 'zINSTREAM\0\0', 'zIDSESSION\0']) {
      expect(await ask(packet)).toBe('COMMAND READ TIMED OUT\n')
    }
    expect(await ask('zIDSESSION\0zPING\0')).toBe('1: PONG\0COMMAND READ TIMED OUT\n')
    expect(await ask(instream('SLOW 200'))).toBe('stream: OK\0')
  })

  test('a stream that drips is cut', async () => {
    await start({ limits: { minBytesPerSecond: 1000, rateWindowMs: 60, sweepMs: 10, inlineBytes: 2 } })
    const drops = Array.from({ length: 100 }, () => chunk('x'))
    const { said } = await talk(listener.address, ['zINSTREAM\0', ...drops])
    expect(said).toBe('COMMAND READ TIMED OUT\n')
    await eventually(() => scanner.active === 0)
  })

  test('more connections than allowed are closed', async () => {
    await start({ limits: { maxConnections: 2, maxSessions: 1 } })
    const held = [connectTo(listener.address), connectTo(listener.address)]
    await eventually(() => listener.connections === 2)
    expect((await talk(listener.address, ['nPING\n'])).said).toBe('')
    held[1].destroy()
    await eventually(() => listener.connections === 1)
    held[0].write('zIDSESSION\0zPING\0')
    await new Promise(resolve => void held[0].once('data', resolve))
    expect((await talk(listener.address, ['zIDSESSION\0zPING\0'])).said).toBe('')
    expect(await ask('nPING\n')).toBe('PONG\n')
    held[0].destroy()
  })

  test('a session is read no further than it has room, and answers everything in the end', async () => {
    await start({ limits: { maxSessionScans: 3 } })
    await writeFile(join(folder, 'slow'), 'SLOW 1')
    const scans = Array.from({ length: 50 }, (_, i) =>
      i % 2 === 0 ? instream('SLOW 1') : `zSCAN ${join(folder, 'slow')}\0`,
    )
    const asked = ask(`zIDSESSION\0${scans.join('')}zEND\0`)
    let most = 0
    const watch = setInterval(() => (most = Math.max(most, scanner.active)), 1)
    const said = await asked
    clearInterval(watch)
    expect(most).toBeLessThanOrEqual(3)
    const ids = said
      .split('\0')
      .filter(Boolean)
      .map(line => Number(line.split(':')[0]))
    expect(ids.sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i + 1))
  })

  test('replies that nobody reads end the connection', async () => {
    await start({ limits: { sendTimeoutMs: 100, sweepMs: 10, maxSendBufferBytes: 1_000_000 } })
    const socket = connectTo(listener.address)
    socket.on('error', () => {})
    socket.pause()
    socket.write(`zIDSESSION\0${'zVERSIONCOMMANDS\0'.repeat(20_000)}`)
    await eventually(() => listener.connections === 1)
    await eventually(() => listener.connections === 0)
    socket.destroy()
  })

  test('close lets a scan finish', async () => {
    await start()
    const reply = ask(instream('SLOW 100'))
    await eventually(() => scanner.active === 1)
    await listener.close()
    expect(await reply).toBe('stream: OK\0')
  })
})
