import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { NATIVE_ERRORS } from '../../protocol/index.ts'
import { SCAN_FAILURES } from '../../scan/index.ts'
import { VERB_ROLES } from './access.ts'
import { NATIVE_LIMITS, nativeLimits } from './limits.ts'

const specification = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8')

describe('limits', () => {
  test('have defaults within their ranges', () => {
    expect(nativeLimits()).toEqual(
      Object.fromEntries(Object.entries(NATIVE_LIMITS).map(([name, limit]) => [name, limit.default])),
    )
  })

  test('name themselves when they are out of range', () => {
    expect(() => nativeLimits({ windowBytes: 1 })).toThrow('native.windowBytes is 1; it must be from 65536')
    expect(() => nativeLimits({ maxStreams: Number.NaN })).toThrow('native.maxStreams')
  })

  test('are listed in the specification', () => {
    const rows = Object.entries(NATIVE_LIMITS).map(
      ([name, { default: value, unit, text }]) => `| \`${name}\` | ${value} | ${unit} | ${text} |`,
    )
    expect(specification).toContain(rows.join('\n'))
  })
})

test('every verb is in the specification with its role', () => {
  for (const [verb, role] of Object.entries(VERB_ROLES)) expect(specification).toContain(`| \`${verb}\` | ${role} |`)
})

test('every failure of a scan can be told', () => {
  for (const code of Object.keys(SCAN_FAILURES)) expect(NATIVE_ERRORS).toHaveProperty(code)
})
