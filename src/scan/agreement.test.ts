import { describe, expect, test } from 'vitest'
import { CASES } from '../../conformance/agreement/cases.ts'
import { detectedNames, testEngine } from './testing/harness.ts'

// What clamscan 1.4.6 does with every feature of its signature languages (checked against clamscan itself in the
// conformance run), case by case, in every way in which the matcher can be driven.

/** Cases in which Lazaret differs on purpose, with the reason. */
const LEVEL = 'Lazaret answers for functionality level 232, clamscan 1.4.6 for 216'
const TINY = 'ClamAV never scans files of up to five bytes; nothing that was not looked at is called clean'
const LENIENT = 'a line that cannot be read costs only itself; ClamAV refuses the whole database'
const DIFFERENCES: Readonly<Record<string, { detects: readonly string[]; because: string }>> = {
  'engine range holds': { detects: [], because: LEVEL },
  'engine range above': { detects: ['T'], because: LEVEL },
  'hash with too high level': { detects: ['T'], because: LEVEL },
  'hash with level range': { detects: [], because: LEVEL },
  'ndb with too high minimum level': { detects: ['T', 'U'], because: LEVEL },
  'ndb with maximum level': { detects: [], because: LEVEL },
  'file of three bytes is never scanned': { detects: ['T'], because: TINY },
  'file of five bytes is never scanned': { detects: ['T'], because: TINY },
  'hash of a file of five bytes': { detects: ['T'], because: TINY },
  'hash of a file of one byte': { detects: ['T'], because: TINY },
  'line marker in the middle, two bytes': {
    detects: ['T'],
    because: 'CR LF ends a line wherever it stands; clamscan sees it only behind more than two bytes',
  },
  'blank line': { detects: ['T', 'U'], because: LENIENT },
  'comment with leading space': { detects: ['T'], because: LENIENT },
  'the same hash twice: the last name': {
    detects: ['T', 'U'],
    because: 'with all matches wanted, both names are reported',
  },
  'import hash of pe32+ is not compared': { detects: ['T'], because: 'import hashes are compared for PE32+ too' },
  'offset with bracket first counts from the literal': {
    detects: [],
    because: 'the offset is that of the first byte written, as for every other pattern; no known signature has both',
  },
  'offset with bracket first, of the single byte': { detects: ['T'], because: 'see above' },
}

const WAYS = [
  { way: 'kernel', options: {} },
  { way: 'reference', options: { kernel: 'reference' } },
  { way: 'in pieces', options: { windowBytes: 700 } },
] as const

describe.each(WAYS)('clamscan’s verdicts, $way', ({ options }) => {
  test.each(CASES.map(entry => [entry.name, entry] as const))('%s', (name, entry) => {
    const files = Object.fromEntries(
      Object.entries(entry.database).map(([file, lines]) => [file, `${lines.join('\n')}\n`]),
    )
    const expected = DIFFERENCES[name]?.detects ?? (entry.expected === 'refused' ? [] : entry.expected)
    expect(detectedNames(testEngine(files, options), entry.content)).toEqual(expected)
  })
})

test('every difference names a case', () => {
  const names = new Set(CASES.map(entry => entry.name))
  expect(Object.keys(DIFFERENCES).filter(name => !names.has(name))).toEqual([])
})
