import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startClamd, startLazaret, type ScanServer } from '../bench/lib/servers.ts'
import { chunk, instream, STREAM_END, talk } from '../src/services/clamd/testing/talk.ts'
import type { TalkOptions } from '../src/services/clamd/testing/talk.ts'
import { missing } from './needs.ts'

// The same bytes to the real clamd and to ours, with `--clamd-lax`: what comes back must be the same, byte by byte.
// Where ours differs on purpose, the last part of this file says how.

const root = mkdtempSync(join(tmpdir(), 'lazaret-dialect-'))
const HIT = 'lazaret dialect probe'
const TIMEOUT_MS = 1000
/** clamd looks at its clocks now and then: its second may take several. */
const PATIENCE_MS = 30_000

let clamd: ScanServer
let lax: ScanServer
let strict: ScanServer

const path = (name: string): string => join(root, 'files', name)

const lay = (): void => {
  // clamd runs as another user.
  chmodSync(root, 0o755)
  for (const name of ['', 'tree', 'tree/sub', 'clean', 'empty', 'one']) mkdirSync(path(name), { recursive: true })
  for (const name of ['hit', 'tree/a', 'tree/sub/c', 'one/hit']) writeFileSync(path(name), HIT)
  for (const name of ['clean/1', 'clean/2', 'tree/b', 'one/x']) writeFileSync(path(name), 'nothing of interest')
  writeFileSync(path('nothing'), '')
  symlinkSync('hit', path('link'))
  execFileSync('mkfifo', [path('fifo'), path('tree/fifo')])
  mkdirSync(join(root, 'db'))
  const md5 = createHash('md5').update(HIT).digest('hex')
  writeFileSync(join(root, 'db', 'probe.hdb'), `${md5}:${HIT.length}:Probe.Hit\n`)
}

interface Case {
  readonly packets: readonly string[]
  readonly options?: TalkOptions
}

const one = (...packets: string[]): Case => ({ packets })
const half = (...packets: string[]): Case => ({ packets, options: { half: true } })

const FRAMING: readonly Case[] = [
  ...['nPING\n', 'zPING\0', 'PING', 'PING\n', 'PING\r\n', 'nPING\r\n', 'zPING\r\0', 'PING\0', 'nPING\0\n'].map(p =>
    one(p),
  ),
  ...['nPINGX\n', 'nPING x\n', 'nping\n', 'VERSIONCOMMANDS\n', 'nVERSIONX\n', 'nSCAN\n', 'SCAN', 'nEND\n'].map(p =>
    one(p),
  ),
  ...['nQUUX\n', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', '\n', 'n\n', 'z\0', '\0', ' PING\n', 'nSTREAM\n'].map(p =>
    one(p),
  ),
  ...['INSTREAM\n', 'IDSESSION\n', 'STATS\n', 'END\n', 'ALLMATCHSCAN x\n', 'nINSTREAMx\n', 'zPING\n\0'].map(p =>
    one(p),
  ),
  ...['nVERSION\n', 'zVERSION\0', 'VERSION', 'nDETSTATS\n', 'nRELOAD\n', 'nPING\nnVERSION\n'].map(p => one(p)),
  one('PI', 'NG'),
  one('nPI', 'NG\n'),
  one('nPING\n', 'nVERSION\n'),
  half('nPING'),
  half('zPI'),
  half('nPING\n'),
  half(''),
  one('nINST'),
  one(`n${'A'.repeat(4102)}\n`),
]

const STREAMS: readonly Case[] = [
  one(instream('hello')),
  one(instream(HIT)),
  one(instream('')),
  one('nINSTREAM\n', chunk(HIT.slice(0, 7)), `${chunk(HIT.slice(7))}${STREAM_END}nPING\n`),
  half(instream(HIT)),
  half(`nINSTREAM\n${chunk('abc')}`),
  half(`zINSTREAM\0${STREAM_END}`.slice(0, -1)),
  one('zINSTREAM\0\xff\xff\xff\xff'),
  one('nINSTREAM\n\x7f\0\0\0abc'),
  one(`nINSTREAM\n${chunk('abc')}`),
]

const SESSIONS: readonly Case[] = [
  one('nIDSESSION\nnPING\nzVERSION\0nEND\n'),
  one(`zIDSESSION\0${instream(HIT)}zPING\0zSCAN ${path('hit')}\0zEND\0`),
  ...['zCONTSCAN /x\0', 'zQUUX\0', 'zIDSESSION\0', 'zSCAN\0zPING\0', 'zPINGX\0zPING\0', 'z\0zPING\0', 'zRELOAD\0'].map(
    commands => one(`zIDSESSION\0${commands}`),
  ),
  one('zIDSESSION\0zPING\0zQUUX\0zPING\0'),
  one('zIDSESSION\0zEND\0zPING\0'),
  one(`zIDSESSION\0zSCAN ${path('nope')}\0zEND\0`),
  one(`zIDSESSION\0zSCAN ${path('one')}\0zEND\0`),
  one('zIDSESSION\0zINSTREAM\0\xff\0\0\0zPING\0'),
  one('zIDSESSION\0', 'PING\n'),
  one('zIDSESSION\0', 'zPING\0', 'PING'),
  one('nIDSESSION\n', 'nPI', 'NG\n', 'nEND\n'),
  half('zIDSESSION\0zPING\0'),
  half('zIDSESSION\0zPIN'),
  half(`zIDSESSION\0zINSTREAM\0${chunk('abc')}`),
  one('zIDSESSION\0zPING\0'),
  one(`zIDSESSION\0zINSTREAM\0${chunk('abc')}`),
]

const NAMES = [
  'hit',
  'clean/1',
  'clean',
  'clean/',
  'clean//',
  'empty',
  'one',
  'nope',
  'hit/x',
  'nothing',
  'clean/../hit',
]
const ODD = ['link', 'fifo']
const PATHS: readonly Case[] = [
  ...['SCAN', 'CONTSCAN', 'MULTISCAN', 'ALLMATCHSCAN'].flatMap(command =>
    [...NAMES, ...ODD].map(name => one(`z${command} ${root}/files/${name}\0`)),
  ),
  ...['CONTSCAN', 'MULTISCAN'].map(command => one(`z${command} ${path('tree')}\0`)),
  one(`nSCAN ${path('hit')}\n`),
  one(`SCAN ${path('hit')}`),
  one(`SCAN ${path('hit')}\n`),
  one(`nSCAN:${path('hit')}\n`),
  one(`nSCAN  ${path('hit')}\n`),
  one('nSCAN \n'),
  one('zSCAN no/such/relative\0'),
  one('zCONTSCAN /dev/null\0'),
  one(`nSCAN /${'A'.repeat(300)}\n`),
  one(`nSCAN /${'B/'.repeat(2040)}\n`),
  one('zSCAN /\xe9\xff\0'),
]

/** Replies as a list, in no order: neither sessions nor folders promise one. */
const replies = (said: string): string[] => said.split(/(?<=[\0\n])/).sort()

const show = ({ packets, options }: Case): string => {
  const text = JSON.stringify(packets).replaceAll(root, '')
  return `${text.length > 90 ? `${text.slice(0, 90)}…` : text}${options?.half === true ? ' half-closed' : ''}`
}

describe.skipIf(missing('clamd', 'lazaret').length > 0)('dialect', () => {
  beforeAll(async () => {
    lay()
    const common = { database: join(root, 'db'), threads: 2 }
    const clamdLines = ['CommandReadTimeout 1', 'ReadTimeout 1']
    clamd = await startClamd({ ...common, folder: join(root, 'clamd'), clamdLines })
    const version = (await talk(`unix:${clamd.clamd}`, ['zVERSION\0'])).said.slice(0, -1)
    const timeouts = ['--clamd-command-timeout-ms', `${TIMEOUT_MS}`, '--clamd-read-timeout-ms', `${TIMEOUT_MS}`]
    const ours = ['--clamd-version', version]
    const asClamd = [...ours, ...timeouts, '--clamd-lax']
    lax = await startLazaret({ ...common, folder: join(root, 'lax'), lazaretOptions: asClamd })
    strict = await startLazaret({ ...common, folder: join(root, 'strict'), lazaretOptions: ours })
  })
  afterAll(async () => {
    await Promise.all([clamd, lax, strict].map(server => server?.stop()))
    rmSync(root, { recursive: true, force: true })
  })

  describe.each([
    ['framing', FRAMING],
    ['streams', STREAMS],
    ['sessions', SESSIONS],
    ['paths', PATHS],
  ])('%s', (_, cases) => {
    test.each(cases.map(each => [show(each), each] as const))('%s', async (_title, { packets, options }) => {
      // What clamd leaves unread makes it reset the connection; what it said before that counts.
      const patient = { timeoutMs: PATIENCE_MS, ...options }
      const theirs = await talk(`unix:${clamd.clamd}`, packets, patient)
      const ours = await talk(`unix:${lax.clamd}`, packets, patient)
      expect(replies(ours.said)).toEqual(replies(theirs.said))
      expect(ours.error).not.toBe('TIMEOUT')
    })
  })

  test('a command without an end: neither says anything', async () => {
    for (const server of [clamd, lax]) {
      expect((await talk(`unix:${server.clamd}`, [`n${'A'.repeat(5000)}`])).said).toBe('')
    }
  })

  test('STATS has the same grammar', async () => {
    const grammar =
      /^POOLS: \d+\n\nSTATE: VALID PRIMARY\nTHREADS: live \d+ {2}idle \d+ max \d+ idle-timeout \d+\nQUEUE: \d+ items\n(\t[A-Z]+ \d+\.\d{6} .*\n)*\nMEMSTATS: heap \S+ mmap \S+ used \S+ free \S+ releasable \S+ pools \d+ pools_used \d+\.\d{3}M pools_total \d+\.\d{3}M\nEND\0$/
    for (const server of [clamd, lax]) {
      expect((await talk(`unix:${server.clamd}`, ['zSTATS\0'])).said).toMatch(grammar)
    }
  })

  describe('on purpose not as clamd', () => {
    test.each([
      ['a link that is not followed was not looked at', 'link', /link: Symbolic link not followed ERROR\0$/],
      ['a device is not OK as well as an error', 'fifo', /fifo: Not supported file type ERROR\0$/],
    ])('%s', async (_, name, expected) => {
      expect((await talk(`unix:${strict.clamd}`, [`zSCAN ${path(name)}\0`])).said).toMatch(expected)
    })

    test.each([
      ['descriptors cannot be passed', 'zFILDES\0', 'FILDES is not supported, send the content with INSTREAM. ERROR\0'],
      ['nobody stops the server', 'zSHUTDOWN\0', 'COMMAND UNAVAILABLE\0'],
      ['a name is one line in every framing', 'zSCAN /a\nb\0', /^\/a\\x0ab: File path check failure: /],
      [
        'what follows a command is not complained about',
        `SCAN ${path('hit')}\nPING\n`,
        /^\S+: Probe\.Hit\.UNOFFICIAL FOUND\n$/,
      ],
    ])('%s', async (_, packet, expected) => {
      const { said } = await talk(`unix:${strict.clamd}`, [packet])
      if (typeof expected === 'string') expect(said).toBe(expected)
      else expect(said).toMatch(expected)
    })

    test('VERSIONCOMMANDS lists only what is carried out', async () => {
      const list = async (server: ScanServer): Promise<string[]> =>
        (await talk(`unix:${server.clamd}`, ['zVERSIONCOMMANDS\0'])).said.slice(0, -1).split('COMMANDS: ')[1].split(' ')
      const absent = ['QUIT', 'SHUTDOWN', 'FILDES', 'DETSTATSCLEAR', 'DETSTATS']
      expect(await list(strict)).toEqual((await list(clamd)).filter(name => !absent.includes(name)))
    })

    test('a stream that is too long is told so, however much more is sent', async () => {
      const packet = `zINSTREAM\0${chunk('x'.repeat(65_000)).repeat(1700)}${STREAM_END}`
      for (let i = 0; i < 3; i++) {
        const { said, error } = await talk(`unix:${strict.clamd}`, [packet], { timeoutMs: 60_000 })
        expect([said, error]).toEqual(['INSTREAM size limit exceeded. ERROR\0', ''])
      }
    })
  })
})
