import { describe, expect, test } from 'vitest'
import type { EmissionSink } from '../../scan/index.ts'
import { FrameDecoder } from './decoder.ts'
import type { WireEnd } from './decoder.ts'
import { MAX_PROPERTIES, MAX_ROWS, maxEmissions, WireViolation } from './emission-check.ts'
import { frame, HEADER_BYTES, KIND, MAX_PAYLOAD_BYTES, writeHeader } from './wire.ts'

const LIMITS = { children: 3, outputBytes: 1000 }
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
const json = (kind: number, value: unknown): Uint8Array => frame(kind, utf8(JSON.stringify(value)))
const head = (more: object = {}): Uint8Array => json(KIND.head, { emit: 'child', name: 'a', ...more })
const emission = (value: unknown): Uint8Array => json(KIND.emission, value)
const data = (text: string): Uint8Array => frame(KIND.data, utf8(text))
const END = frame(KIND.end, utf8(''))
const DONE = frame(KIND.done, utf8(''))
const join = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts))

interface Heard {
  readonly said: string[]
  readonly end: WireEnd | undefined
}

/** Reads `bytes` in steps of `step`; a sink that accepts what `accepts` says. */
function read(bytes: Uint8Array, step = bytes.length, accepts: Partial<EmissionSink> = {}): Heard {
  const said: string[] = []
  const decoder = new FrameDecoder(LIMITS, {
    emission: value => void said.push(JSON.stringify(value)),
    child: value => {
      said.push(JSON.stringify(value))
      return accepts.child?.(value) ?? true
    },
    data: piece => {
      said.push(Buffer.from(piece).toString('latin1'))
      return accepts.data?.(piece) ?? true
    },
    childEnd: () => void said.push('end'),
  })
  let end: WireEnd | undefined
  for (let at = 0; at < bytes.length; at += step) end = decoder.push(bytes.subarray(at, at + step))
  return { said, end }
}

const MISSED = { emit: 'missed', reason: 'encrypted', detail: 'd', member: 'm', bytes: 5 }
const SOUND = join(
  emission({ emit: 'property', name: 'n', value: 'v' }),
  head({ relation: 'view', type: 'pe', properties: [{ name: 'p', value: 'q' }] }),
  data('first '),
  emission(MISSED),
  data('second'),
  END,
  head(),
  END,
  DONE,
)

describe('what an honest child says', () => {
  test.each([1, 2, 3, 7, 64, SOUND.length])('is heard in steps of %i bytes', step => {
    const { said, end } = read(SOUND, step)
    expect(end).toEqual({ end: 'done' })
    expect(said.join('')).toBe(
      '{"emit":"property","name":"n","value":"v"}' +
        '{"emit":"child","name":"a","relation":"view","type":"pe","properties":[{"name":"p","value":"q"}]}first ' +
        `${JSON.stringify(MISSED)}secondend{"emit":"child","name":"a"}end`,
    )
  })

  test.each([
    { emit: 'section', section: { kind: 'text', title: 't', text: 'x' } },
    { emit: 'section', section: { kind: 'key-values', title: 't', entries: [{ key: 'k', value: 'v' }] } },
    { emit: 'section', section: { kind: 'table', title: 't', columns: ['a', 'b'], rows: [['1', '2']] } },
    { emit: 'section', section: { kind: 'bytes', title: 't', offset: 1, length: 2 } },
    { emit: 'anomaly', code: 'c', detail: 'd' },
    { emit: 'anomaly', code: 'c', detail: 'd', offset: 3 },
    { emit: 'detection', name: 'n', severity: 'suspicious', offset: 0, length: 9 },
    { emit: 'password', password: 'secret' },
  ])('%j comes through as it is', value => {
    expect(read(emission(value)).said).toEqual([JSON.stringify(value)])
  })

  test('members that nobody knows are dropped', () => {
    expect(read(emission({ emit: 'password', password: 'p', verdict: 'clean', __proto__: null })).said).toEqual([
      '{"emit":"password","password":"p"}',
    ])
  })

  test('a fault ends it, even in the middle of a child', () => {
    const { said, end } = read(join(head(), data('x'), frame(KIND.fault, utf8('broken'))))
    expect(end).toEqual({ end: 'fault', message: 'broken' })
    expect(said).toHaveLength(2)
  })

  test('what the sink does not want is read and not handed on', () => {
    const bytes = join(head(), data('a'), data('b'), END, DONE)
    expect(read(bytes, undefined, { child: () => false }).said).toHaveLength(1)
    expect(read(bytes, undefined, { data: () => false }).said).toEqual(['{"emit":"child","name":"a"}', 'a', 'end'])
  })
})

const header = (kind: number, length: number): Uint8Array => {
  const bytes = new Uint8Array(HEADER_BYTES)
  writeHeader(bytes, kind, length)
  return bytes
}
const repeat = (part: Uint8Array, times: number): Uint8Array => join(...Array.from({ length: times }, () => part))
const long = 'x'.repeat(20_000)

describe('what no honest child says ends it', () => {
  test.each<[string, Uint8Array]>([
    ['kind 0', header(0, 0)],
    ['a request', header(KIND.request, 0)],
    ['a second HELLO', header(KIND.hello, 0)],
    ['kind 9', header(9, 0)],
    ['a length of 4 GiB', header(KIND.emission, 0xffffffff)],
    ['a long emission', header(KIND.emission, MAX_PAYLOAD_BYTES[KIND.emission] + 1)],
    ['a long piece', join(head(), header(KIND.data, MAX_PAYLOAD_BYTES[KIND.data] + 1))],
    ['an end with a payload', join(head(), header(KIND.end, 1))],
    ['done with a payload', header(KIND.done, 1)],
    ['content without a child', data('x')],
    ['an end without a child', END],
    ['a child in a child', join(head(), head())],
    ['done in a child', join(head(), DONE)],
    ['an empty piece', join(head(), data(''))],
    ['four children of three', repeat(join(head(), END), 4)],
    ['1001 bytes of 1000', join(head(), data('x'.repeat(600)), END, head(), data('x'.repeat(401)))],
    ['too many emissions', repeat(emission({ emit: 'password', password: '' }), maxEmissions(3) + 1)],
    ['bytes behind the end', join(DONE, utf8('x'))],
    ['bytes behind a fault', join(frame(KIND.fault, utf8('')), DONE)],
    ['no JSON', frame(KIND.emission, utf8('{'))],
    ['no UTF-8', frame(KIND.emission, new Uint8Array([0x22, 0xff, 0x22]))],
    ['a list', emission([])],
    ['null', emission(null)],
    ['an unknown emission', emission({ emit: 'verdict' })],
    ['a child as emission', emission({ emit: 'child', name: 'a' })],
    ['an emission as child', json(KIND.head, { emit: 'password', password: '' })],
    ['a name of Object.prototype', emission({ emit: 'constructor' })],
    ['a child without a name', json(KIND.head, { emit: 'child' })],
    ['a child with a long name', head({ name: long })],
    ['an unknown type', head({ type: 'nothing' })],
    ['a type of Object.prototype', head({ type: 'toString' })],
    ['an unknown relation', head({ relation: 'root' })],
    [
      'too many properties',
      head({ properties: Array.from({ length: MAX_PROPERTIES + 1 }, () => ({ name: '', value: '' })) }),
    ],
    ['a property without a value', head({ properties: [{ name: 'x' }] })],
    ['an unknown reason', emission({ ...MISSED, reason: 'mood' })],
    ['negative bytes', emission({ ...MISSED, bytes: -1 })],
    ['half a byte', emission({ ...MISSED, bytes: 0.5 })],
    ['a detail that is a number', emission({ ...MISSED, detail: 1 })],
    ['an unknown severity', emission({ emit: 'detection', name: 'n', severity: 'fatal' })],
    ['a long value', emission({ emit: 'property', name: 'n', value: long })],
    ['an unknown section', emission({ emit: 'section', section: { kind: 'html', title: '' } })],
    ['a section without a title', emission({ emit: 'section', section: { kind: 'text', text: '' } })],
    [
      'a crooked table',
      emission({ emit: 'section', section: { kind: 'table', title: '', columns: ['a'], rows: [[]] } }),
    ],
    [
      'a long table',
      emission({
        emit: 'section',
        section: { kind: 'table', title: '', columns: [], rows: Array.from({ length: MAX_ROWS + 1 }, () => []) },
      }),
    ],
  ])('%s', (_what, bytes) => {
    expect(() => read(bytes)).toThrow(WireViolation)
  })
})

test('errors of the sink come out as they are', () => {
  const bytes = join(head(), data('x'))
  const refuse = (): never => {
    throw new RangeError('full')
  }
  expect(() => read(bytes, undefined, { data: refuse })).toThrow(RangeError)
})
