import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { FRAME_RULES } from './constants.ts'
import { CONNECTION_ERRORS, STREAM_ERRORS } from './errors.ts'

// The tables of the specification and those of the code are the same.

const text = readFileSync(new URL('../../../docs/protocol.md', import.meta.url), 'utf8')

/** The cells of the rows of the first table after a heading or line. */
const tableAfter = (line: string): string[][] => {
  const rows = text.slice(text.indexOf(line)).split('\n')
  const begin = rows.findIndex(row => row.startsWith('|---'))
  const length = rows.slice(begin).findIndex(row => !row.startsWith('|'))
  return rows.slice(begin + 1, begin + length).map(row =>
    row
      .split('|')
      .slice(1, -1)
      .map(cell => cell.trim()),
  )
}

describe('docs/protocol.md', () => {
  test('lists every frame type with its rules', () => {
    const documented = tableAfter('| type | name |').map(([type, name, from, stream, , bytes]) => {
      return `${type} ${name} ${from} ${stream} ${bytes}`
    })
    const coded = FRAME_RULES.flatMap((rule, type) => {
      if (rule === undefined) return []
      const { name, from, stream, minBytes: min, maxBytes: max } = rule
      return `${type} ${name} ${from} ${{ 0: '0', 1: 'not 0', any: 'any' }[stream]} ${min === max ? min : `${min} to ${max}`}`
    })
    expect(documented).toEqual(coded)
  })

  test.each([
    ['### Of the connection', CONNECTION_ERRORS],
    ['### Of a stream', STREAM_ERRORS],
  ])('%s: lists every code with its text', (heading, errors) => {
    const documented = tableAfter(heading).map(([code, meaning]) => [code.replaceAll('`', ''), meaning])
    expect(documented).toEqual(Object.entries(errors))
  })
})
