import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MAX_CLAMD_COMMAND_BYTES } from './commands.ts'
import { ClamdDecoder } from './decoder.ts'

const STREAM_LIMIT_BYTES = 16

interface Case {
  readonly title: string
  readonly packets: readonly Buffer[]
  readonly events: readonly string[]
}

const ESCAPES: Record<string, string> = { '0': '\0', n: '\n', r: '\r', '\\': '\\' }
const unescape = (text: string): string =>
  text.replaceAll(/\\(?:x([0-9a-f]{2})|(.))/g, (_, hex: string | undefined, char: string) =>
    hex === undefined ? ESCAPES[char] : String.fromCharCode(Number.parseInt(hex, 16)),
  )

const readCases = (file: string): Case[] => {
  const text = readFileSync(new URL(`testdata/${file}`, import.meta.url), 'utf8')
  return [...text.matchAll(/^## (.+)\n\n```in\n([^`]*)```\n```events\n([^`]*)```/gm)].map(match => ({
    title: match[1],
    packets: match[2]
      .split('\n')
      .filter(Boolean)
      .map(line => Buffer.from(unescape(line), 'latin1')),
    events: match[3].split('\n').filter(Boolean),
  }))
}

const shown = (text: string): string =>
  Array.from(text)
    .map(char => {
      const code = char.charCodeAt(0)
      if (char === '\n') return '\\n'
      return code < 0x20 || code > 0x7e ? `\\x${code.toString(16).padStart(2, '0')}` : char
    })
    .join('')

/** Feeds pieces; events as the Markdown writes them, neighbouring data joined. */
const run = (pieces: Iterable<Uint8Array>): string[] => {
  const events: string[] = []
  let data = ''
  const say = (line: string): void => {
    if (data !== '') events.push(`data "${shown(data)}"`)
    data = ''
    if (line !== '') events.push(line)
  }
  const end = (terminator: string): string => (terminator === '\n' ? '\\n' : '\\0')
  const decoder = new ClamdDecoder(
    {
      command: c => say(`command ${c.name} "${shown(c.argument)}" #${c.id} ${end(c.terminator)}`),
      streamData: piece => void (data += Buffer.from(piece).toString('latin1')),
      streamEnd: () => say('end'),
      fault: (fault, to) => say(`fault ${fault} #${to.id} ${end(to.terminator)}`),
    },
    STREAM_LIMIT_BYTES,
  )
  for (const piece of pieces) expect(decoder.push(piece)).toBe(piece.length)
  say('')
  if (decoder.ended) events.push('ended')
  return events
}

const bytewise = (whole: Buffer): Buffer[] => [...whole].map(byte => Buffer.of(byte))
const cutAt = (whole: Buffer, cuts: readonly number[]): Buffer[] => {
  const sorted = [0, ...[...cuts].sort((a, b) => a - b), whole.length]
  return sorted.slice(1).map((to, i) => whole.subarray(sorted[i], to))
}

for (const file of ['framing.md', 'streams.md']) {
  describe(file, () => {
    const cases = readCases(file)
    test('has cases', () => expect(cases.length).toBeGreaterThan(12))
    test.each(cases)('$title', ({ title, packets, events }) => {
      expect(run(packets)).toEqual(events)
      if (title.endsWith('(packets)')) return
      const whole = Buffer.concat(packets)
      expect(run([whole])).toEqual(events)
      expect(run(bytewise(whole))).toEqual(events)
      fc.assert(
        fc.property(fc.array(fc.nat(whole.length), { maxLength: 8 }), cuts => {
          expect(run(cutAt(whole, cuts))).toEqual(events)
        }),
        { numRuns: 50 },
      )
    })
  })
}

test.each([
  ['with its terminator at the limit', MAX_CLAMD_COMMAND_BYTES - 2, '\n', ['fault unknown #0 \\n', 'ended']],
  ['one byte over', MAX_CLAMD_COMMAND_BYTES - 1, '\n', ['fault too-long #0 \\n', 'ended']],
  ['unterminated at the limit', MAX_CLAMD_COMMAND_BYTES - 1, '', []],
  ['unterminated one byte over', MAX_CLAMD_COMMAND_BYTES, '', ['fault too-long #0 \\n', 'ended']],
])('a long command %s', (_, fill, end, events) => {
  const whole = Buffer.from(`n${'A'.repeat(fill)}${end}`)
  expect(run([whole])).toEqual(events)
  expect(run(bytewise(whole))).toEqual(events)
})

test('pause stops after the command in hand, and the rest is read later', () => {
  const names: string[] = []
  const decoder: ClamdDecoder = new ClamdDecoder(
    {
      command: command => {
        names.push(command.name)
        if (command.name === 'PING') decoder.pause()
      },
      streamData: () => {},
      streamEnd: () => {},
      fault: () => {},
    },
    STREAM_LIMIT_BYTES,
  )
  const packet = Buffer.from('nIDSESSION\nnPING\nnPING\nnVERSION\n')
  let used = decoder.push(packet)
  expect(names).toEqual(['IDSESSION', 'PING'])
  used += decoder.push(packet.subarray(used))
  expect(names).toEqual(['IDSESSION', 'PING', 'PING'])
  used += decoder.push(packet.subarray(used))
  expect(names).toEqual(['IDSESSION', 'PING', 'PING', 'VERSION'])
  expect(used).toBe(packet.length)
})

test('arbitrary bytes in arbitrary pieces: never throws, framed input is read alike however it is cut', () => {
  const framed = fc.tuple(fc.constantFrom('n', 'z'), fc.uint8Array({ maxLength: 300 }))
  fc.assert(
    fc.property(framed, fc.array(fc.nat(300), { maxLength: 6 }), ([prefix, bytes], cuts) => {
      const start = Buffer.from(prefix === 'n' ? 'nIDSESSION\nnINSTREAM\n' : 'zIDSESSION\0zINSTREAM\0')
      const whole = Buffer.concat([start, bytes])
      expect(
        run(
          cutAt(
            whole,
            cuts.map(cut => Math.min(cut, whole.length)),
          ),
        ),
      ).toEqual(run([whole]))
    }),
    { numRuns: 300 },
  )
})
