import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { COMMANDS, findCommand } from './commands.ts'
import type { CommandSpec } from './commands.ts'
import type { CliErrorCode } from './errors.ts'
import { CliError } from './errors.ts'
import { environmentOf, flagOf, OPTIONS } from './options.ts'
import { readInvocation } from './settings.ts'

let data: string
beforeAll(() => {
  data = mkdtempSync(join(tmpdir(), 'lazaret-settings-'))
})
afterAll(() => rmSync(data, { recursive: true }))

const scan = findCommand(['scan']) as CommandSpec
const serve = findCommand(['serve']) as CommandSpec
const base = () => ({ LAZARET_DATA: data })
const settingsOf = (words: string[], environment: Record<string, string> = {}, command = scan) =>
  readInvocation(command, words, { ...base(), ...environment }).settings

function refusal(words: string[], environment: Record<string, string> = {}, command = scan): CliError {
  try {
    readInvocation(command, words, { ...base(), ...environment })
  } catch (error) {
    if (error instanceof CliError) return error
    throw error
  }
  throw new Error('nothing was refused')
}

const config = (content: unknown): string => {
  const path = join(data, 'config.json')
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

describe('precedence', () => {
  it('takes the flag before the environment before the file before the default', () => {
    const path = config({ jobs: 3 })
    expect(settingsOf(['x']).jobs).toBe(16)
    expect(settingsOf(['x', '--config', path]).jobs).toBe(3)
    expect(settingsOf(['x', '--config', path], { LAZARET_JOBS: '4' }).jobs).toBe(4)
    expect(settingsOf(['x', '--config', path, '--jobs', '5'], { LAZARET_JOBS: '4' }).jobs).toBe(5)
  })

  it('finds the file in the data directory, and never in the current one', () => {
    const path = join(data, 'lazaret.config.json')
    writeFileSync(path, '{"jobs": 9}')
    expect(settingsOf(['x']).jobs).toBe(9)
    rmSync(path)
    const before = process.cwd()
    const elsewhere = mkdtempSync(join(tmpdir(), 'lazaret-cwd-'))
    writeFileSync(join(elsewhere, 'lazaret.config.json'), '{"jobs": 9}')
    process.chdir(elsewhere)
    try {
      expect(settingsOf(['x']).jobs).toBe(16)
    } finally {
      process.chdir(before)
      rmSync(elsewhere, { recursive: true })
    }
  })

  it('says which options were given', () => {
    const { given } = readInvocation(scan, ['x', '--local'], { ...base(), LAZARET_JOBS: '4' })
    expect(Object.fromEntries(given)).toEqual({ data: 'environment', jobs: 'environment', local: 'flag' })
  })
})

describe('values', () => {
  it.each([
    [['a', 'b'], 'db', []],
    [['a', '--db', 'x', '--db=y'], 'db', ['x', 'y']],
    [['a', '--max-time', '0.5'], 'maxTime', 0.5],
    [['a', '--max-file-size', '10k'], 'maxFileSize', 10240],
    [['a', '--max-file-size', '3MiB'], 'maxFileSize', 3 * 2 ** 20],
    [['a', '--local'], 'local', true],
    [['a', '--format', 'sarif'], 'format', 'sarif'],
    [['a', '--server', 'unix:/run/l.sock'], 'server', 'unix:/run/l.sock'],
    [['a', '--server', 'tls:[::1]:8321'], 'server', 'tls:[::1]:8321'],
    [['a', '--workers', '2'], 'workers', 2],
    [['a'], 'workers', undefined],
  ] as const)('%j gives %s = %j', (words, name, value) => {
    expect(settingsOf([...words])[name]).toEqual(value)
  })

  it('reads lists from the environment', () => {
    expect(settingsOf(['a'], { LAZARET_DB: '/a:/b' }).db).toEqual(['/a', '/b'])
    const settings = settingsOf([], { LAZARET_CLAMD: 'unix:/c,tcp:127.0.0.1:3310' }, serve)
    expect(settings.clamd).toEqual(['unix:/c', 'tcp:127.0.0.1:3310'])
  })

  it('takes - and what follows -- as paths', () => {
    expect(readInvocation(scan, ['-', '--', '--local'], base()).operands).toEqual(['-', '--local'])
  })
})

describe('refusals', () => {
  it.each([
    [['x', '--nope'], 'unknown-option', '--nope'],
    [['x', '--native', 'unix:/x'], 'unknown-option', '--native'],
    [['x', '-q'], 'unknown-option', '-q'],
    [['x', '--format'], 'missing-value', '--format'],
    [['x', '--format', '--json'], 'missing-value', '--format'],
    [['x', '--format', 'yaml'], 'bad-value', 'text, json, xml, csv, sarif, junit, stix'],
    [['x', '--jobs', '0'], 'bad-value', 'from 1 to 1024'],
    [['x', '--jobs', '1025'], 'bad-value', 'from 1 to 1024'],
    [['x', '--jobs', '1.5'], 'bad-value', 'whole number'],
    [['x', '--max-time', '-1'], 'missing-value', '--max-time'],
    [['x', '--max-time=-1'], 'bad-value', 'seconds'],
    [['x', '--max-file-size', '2G'], 'bad-value', '2147483647'],
    [['x', '--server', 'localhost:1'], 'bad-value', 'unix:PATH'],
    [['x', '--local=yes'], 'unexpected-value', '--local'],
    [['x', '--jobs', '1', '--jobs', '2'], 'repeated-option', '--jobs'],
    [[], 'missing-argument', 'scan PATH…'],
  ] as [string[], CliErrorCode, string][])('%j: %s', (words, code, words2) => {
    const error = refusal(words)
    expect(error.code).toBe(code)
    expect(`${error.message} ${error.remedy}`).toContain(words2)
    expect(`${error.message} ${error.remedy}`).not.toMatch(/\{\w+\}/)
  })

  it('names the environment variable', () => {
    expect(refusal(['x'], { LAZARET_JOBS: 'many' }).message).toContain('LAZARET_JOBS')
  })

  it.each([
    ['{', 'config-malformed'],
    ['[]', 'config-malformed'],
    [{ jbos: 1 }, 'config-malformed'],
    [{ help: true }, 'config-malformed'],
    [{ jobs: 0 }, 'bad-value'],
    [{ jobs: null }, 'bad-value'],
    [{ format: ['json'] }, 'bad-value'],
  ] as [unknown, CliErrorCode][])('configuration %j: %s', (content, code) => {
    expect(refusal(['x', '--config', config(content)]).code).toBe(code)
  })

  it('refuses a configuration that is named and missing', () => {
    expect(refusal(['x', '--config', join(data, 'nowhere')]).code).toBe('config-unreadable')
  })

  it('does not let a file move the directory it was found in', () => {
    const path = join(data, 'lazaret.config.json')
    writeFileSync(path, '{"data": "/elsewhere"}')
    expect(refusal(['x']).code).toBe('config-malformed')
    rmSync(path)
    expect(settingsOf(['x', '--config', config({ data: '/named' })], { LAZARET_DATA: '' }).data).toBe('/named')
  })
})

describe('the tables', () => {
  it('have unique names, flags and variables', () => {
    for (const of of [(name: string) => name, flagOf, environmentOf]) {
      const names = OPTIONS.map(spec => of(spec.name))
      expect(new Set(names).size).toBe(names.length)
    }
  })

  it('name only commands that exist, and defaults within range', () => {
    const commands: readonly string[] = COMMANDS.map(command => command.name)
    for (const spec of OPTIONS) {
      expect(commands).toEqual(expect.arrayContaining([...spec.commands]))
      const [least, most] = spec.range ?? [-Infinity, Infinity]
      if (typeof spec.default === 'number') expect(spec.default >= least && spec.default <= most).toBe(true)
    }
  })

  it('say of every option without a default what happens then', () => {
    const silent = OPTIONS.filter(spec => spec.default === undefined && spec.otherwise === undefined)
    expect(silent).toEqual([])
  })
})
