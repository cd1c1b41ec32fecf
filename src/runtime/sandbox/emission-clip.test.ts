import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { REASONS, SEVERITIES } from '../../report/index.ts'
import type { PlainEmission } from '../../scan/index.ts'
import { checkEmission, checkHead, MAX_NAME, MAX_TEXT } from './emission-check.ts'
import { clipEmission, clipHead } from './emission-clip.ts'
import { KIND, MAX_PAYLOAD_BYTES } from './wire.ts'

// Whatever a component says, the child sends something that the engine takes.

/** Short texts and long ones, of characters that JSON and UTF-8 make longer. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.tuple(fc.constantFrom('x', '\0', 'ÿ', '語', '\ud800', '💣'), fc.nat(400_000)).map(([unit, n]) => unit.repeat(n)),
)
const count = fc.nat()
const row = fc.array(text, { maxLength: 3 })
const emission: fc.Arbitrary<PlainEmission> = fc.oneof(
  fc.record({ emit: fc.constant('missed' as const), reason: fc.constantFrom(...REASONS), detail: text, member: text }),
  fc.record({ emit: fc.constant('property' as const), name: text, value: text }),
  fc.record({ emit: fc.constant('anomaly' as const), code: text, detail: text, offset: count }),
  fc.record({ emit: fc.constant('detection' as const), name: text, severity: fc.constantFrom(...SEVERITIES) }),
  fc.record({ emit: fc.constant('password' as const), password: text }),
  fc
    .record({ title: text, text })
    .map(rest => ({ emit: 'section' as const, section: { kind: 'text' as const, ...rest } })),
  fc.record({ title: text, columns: row, times: fc.nat(5000) }).map(({ title, columns, times }) => ({
    emit: 'section' as const,
    section: { kind: 'table' as const, title, columns, rows: Array.from({ length: times }, () => columns) },
  })),
  fc.record({ title: text, key: text, value: text, times: fc.nat(100) }).map(({ title, key, value, times }) => ({
    emit: 'section' as const,
    section: { kind: 'key-values' as const, title, entries: Array.from({ length: times }, () => ({ key, value })) },
  })),
)

const bytesOf = (json: string): number => new TextEncoder().encode(json).length

describe('what a child has cut', () => {
  test('any emission is taken', () => {
    const taken = fc.property(emission, value => {
      const json = clipEmission(value)
      expect(bytesOf(json)).toBeLessThanOrEqual(MAX_PAYLOAD_BYTES[KIND.emission])
      expect(checkEmission(JSON.parse(json)).emit).toBe(value.emit)
    })
    fc.assert(taken, { numRuns: 60 })
  })

  test('any head is taken', () => {
    const properties = fc
      .tuple(text, text, fc.nat(300))
      .map(([name, value, n]) => Array.from({ length: n }, () => ({ name, value })))
    const taken = fc.property(text, properties, (name, list: { name: string; value: string }[]) => {
      const json = clipHead({ emit: 'child', name, properties: list })
      expect(bytesOf(json)).toBeLessThanOrEqual(MAX_PAYLOAD_BYTES[KIND.head])
      expect(checkHead(JSON.parse(json)).name.length).toBe(Math.min(name.length, MAX_NAME))
    })
    fc.assert(taken, { numRuns: 25 })
  })

  test('a crooked table is made even', () => {
    const section = { kind: 'table' as const, title: '', columns: ['a', 'b'], rows: [['1'], ['1', '2', '3']] }
    const { rows } = (JSON.parse(clipEmission({ emit: 'section', section })) as { section: typeof section }).section
    expect(rows).toEqual([['1', ''], ['1', '2']]) // prettier-ignore
  })

  test('what fits stays as it is, what does not ends with an ellipsis', () => {
    const value = 'v'.repeat(MAX_TEXT)
    expect(JSON.parse(clipEmission({ emit: 'property', name: 'n', value }))).toEqual({
      emit: 'property',
      name: 'n',
      value,
    })
    expect(clipEmission({ emit: 'password', password: `${value}v` })).toMatch(/v…"\}$/)
  })
})
