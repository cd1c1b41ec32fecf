import { describe, expect, test } from 'vitest'
import { defaultServer } from './default-server.ts'
import { helpText, OPTIONS, readSettings } from './options.ts'

describe('readSettings', () => {
  test.each([
    [['a', 'b'], {}, { paths: ['a', 'b'], format: 'text', allMatches: false, jobs: 16 }],
    [['--format', 'xml', 'a'], {}, { format: 'xml', paths: ['a'] }],
    [['--format=xml', 'a'], {}, { format: 'xml', paths: ['a'] }],
    [['a', '--all-matches', '-'], {}, { allMatches: true, paths: ['a', '-'] }],
    [['--', '--format', '-x'], {}, { format: 'text', paths: ['--format', '-x'] }],
    [['--server=unix:a=b'], {}, { server: 'unix:a=b' }],
    [['--server', 'unix:flag'], { LAZARET_SERVER: 'unix:env' }, { server: 'unix:flag' }],
    [[], { LAZARET_SERVER: 'unix:env', LAZARET_CA: '' }, { server: 'unix:env', ca: undefined }],
    [['--max-time', '1.5', '--jobs', '3'], {}, { maxTimeMs: 1500, jobs: 3 }],
  ])('%j', (argv, env, expected) => {
    expect(readSettings(argv, env)).toMatchObject(expected)
  })

  test.each([
    [['-v'], 'Unknown option -v'],
    [['--toString'], 'Unknown option --toString'],
    [['--all-matches=yes'], '--all-matches takes no value'],
    [['--server'], '--server needs a value'],
    [['--max-time', '0'], '--max-time is 0'],
  ])('%j is refused', (argv, message) => {
    expect(() => readSettings(argv, {})).toThrow(message)
  })
})

test('the help page lists every option', () => {
  const page = helpText(['text'], 'unix:x')
  for (const [name, { text }] of Object.entries(OPTIONS)) {
    expect(page).toContain(`--${name}`)
    expect(page).toContain(text)
  }
})

test('the default server lies in the data folder', () => {
  const expected =
    process.getuid?.() === 0 ? 'unix:/var/lib/lazaret/native.sock' : 'unix:/h/.local/share/lazaret/native.sock'
  expect(defaultServer({ HOME: '/h' })).toBe(process.platform === 'win32' ? 'tcp:127.0.0.1:8321' : expected)
})
