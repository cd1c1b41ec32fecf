import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  clamdFound,
  clamdLine,
  clamdResult,
  clamdTime,
  clamdVersionCommands,
  escapeControl,
  toBinaryString,
} from './replies.ts'
import { clamdStatsText } from './stats.ts'

const plain = { id: 0, terminator: '\n' } as const
const numbered = { id: 7, terminator: '\0' } as const

describe('lines', () => {
  test.each([
    [clamdLine(plain, 'PONG'), 'PONG\n'],
    [clamdLine(numbered, 'PONG'), '7: PONG\0'],
    [clamdResult(plain, '/a', 'OK'), '/a: OK\n'],
    [clamdResult(numbered, 'stream', clamdFound('Eicar')), '7: stream: Eicar FOUND\0'],
    [clamdResult(plain, '/a\nb: OK\r\0', 'OK'), '/a\\x0ab: OK\\x0d\\x00: OK\n'],
    [clamdFound('A\nstream: OK'), 'A\\x0astream: OK FOUND'],
    [clamdFound('Über'), '\xc3\x9cber FOUND'],
    [escapeControl('\x7f\x1b'), '\\x7f\\x1b'],
    [toBinaryString('é'), '\xc3\xa9'],
    [clamdTime(Date.UTC(2026, 2, 15, 7, 24, 0)), 'Sun Mar 15 07:24:00 2026'],
    [clamdTime(Date.UTC(2026, 10, 3, 17, 4, 9)), 'Tue Nov  3 17:04:09 2026'],
  ])('%j', (line, expected) => expect(line).toBe(expected))

  test('no name ends a line', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (name, signature) => {
        const line = clamdResult(plain, toBinaryString(name), clamdFound(signature))
        expect(line.slice(0, -1)).not.toMatch(/[\n\r\0]/)
        expect(line.endsWith(' FOUND\n')).toBe(true)
      }),
    )
  })
})

test('VERSIONCOMMANDS lists what is carried out', () => {
  expect(clamdVersionCommands('ClamAV 1.4.6', ['SHUTDOWN', 'QUIT'])).toBe(
    'ClamAV 1.4.6| COMMANDS: SCAN RELOAD PING CONTSCAN VERSIONCOMMANDS VERSION END MULTISCAN STATS IDSESSION INSTREAM ALLMATCHSCAN',
  )
  expect(clamdVersionCommands('X', [])).toContain(' SHUTDOWN ')
})

test('STATS in the grammar of clamd', () => {
  const text = clamdStatsText({
    threads: { live: 2, idle: 1, max: 4 },
    idleTimeoutSeconds: 30,
    queued: 3,
    active: [
      { command: 'SCAN', seconds: 1.5, name: '/a\nb' },
      { command: 'INSTREAM', seconds: 0.000_003, name: 'stream' },
    ],
    residentBytes: 5 * 1024 * 1024,
  })
  expect(text).toBe(
    'POOLS: 1\n\nSTATE: VALID PRIMARY\nTHREADS: live 2  idle 1 max 4 idle-timeout 30\nQUEUE: 3 items\n' +
      '\tSCAN 1.500000 /a\\x0ab\n\tINSTREAM 0.000003 stream\n\nMEMSTATS: heap 5.000M mmap 0.000M used 5.000M free 0.000M ' +
      'releasable 0.000M pools 1 pools_used 5.000M pools_total 5.000M\nEND',
  )
})
