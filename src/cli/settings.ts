// From the words of the command line to settings: flag before environment before configuration file before default.

import { readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { parseArgs } from 'node:util'
import type { CommandSpec } from './commands.ts'
import { defaultDataDirectory } from './data.ts'
import { CliError, detailOf } from './errors.ts'
import { environmentOf, flagOf, OPTIONS, optionsOf } from './options.ts'
import type { OptionSpec, Settings } from './options.ts'
import { KINDS, readValue } from './values.ts'
import type { Value } from './values.ts'

/** Name of the configuration file that is found by itself. */
export const CONFIG_FILE = 'lazaret.config.json'

export interface Invocation {
  readonly settings: Settings
  readonly operands: readonly string[]
  /** Where each option comes from that somebody gave. */
  readonly given: Given
}

/** Where the value of an option comes from; what is missing has its default. */
export type Given = ReadonlyMap<string, 'flag' | 'environment' | 'config'>

type Values = Map<string, Value | readonly Value[]>
type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads everything that decides how a command runs.
 * @param words - the arguments after the command
 * @throws CliError that names the flag, variable or key and what it must be
 */
export function readInvocation(command: CommandSpec, words: readonly string[], environment: Environment): Invocation {
  const flags = readFlags(command, words)
  const fromEnvironment = readEnvironment(environment)
  // Help is answered before anything else is looked at, so that it can be read while the rest is still wrong.
  const config: Values = flags.values.has('help') ? new Map() : readConfig(flags.values, fromEnvironment)
  const chosen: Values = new Map([...defaults(), ...config, ...fromEnvironment, ...flags.values])
  if (!flags.values.has('help')) checkOperands(command, flags.operands)
  const settings = Object.fromEntries(OPTIONS.map(spec => [spec.name, chosen.get(spec.name)])) as unknown as Settings
  const given: Given = new Map([
    ...[...config.keys()].map(name => [name, 'config'] as const),
    ...[...fromEnvironment.keys()].map(name => [name, 'environment'] as const),
    ...[...flags.values.keys()].map(name => [name, 'flag'] as const),
  ])
  return { settings, operands: flags.operands, given }
}

function defaults(): Values {
  const values: Values = new Map([['data', defaultDataDirectory()]])
  for (const spec of OPTIONS) {
    if (spec.default !== undefined) values.set(spec.name, spec.default)
    else if (spec.many) values.set(spec.name, [])
  }
  return values
}

/** The configuration of parseArgs for the options of one command. */
function parserOptions(specs: readonly OptionSpec[]): Record<string, { type: 'boolean' | 'string'; short?: string }> {
  const entries = specs.map(spec => {
    const type: 'boolean' | 'string' = spec.kind === 'flag' ? 'boolean' : 'string'
    return [flagOf(spec.name).slice(2), spec.name === 'help' ? { type, short: 'h' } : { type }] as const
  })
  return Object.fromEntries(entries)
}

function readFlags(command: CommandSpec, words: readonly string[]): { values: Values; operands: string[] } {
  const allowed = optionsOf(command)
  const options = parserOptions(allowed)
  const { tokens } = parseArgs({ args: [...words], options, allowPositionals: true, strict: false, tokens: true })
  const values: Values = new Map()
  const operands: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value)
    if (token.kind !== 'option') continue
    const spec = allowed.find(candidate => flagOf(candidate.name) === `--${token.name}`)
    if (spec === undefined) throw unknownOption(command, token.rawName)
    addFlag(values, spec, token)
  }
  return { values, operands }
}

function unknownOption(command: CommandSpec, what: string): CliError {
  return new CliError('unknown-option', { what, command: command.name })
}

interface FlagToken {
  readonly value?: string | undefined
  readonly inlineValue?: boolean | undefined
}

function addFlag(values: Values, spec: OptionSpec, token: FlagToken): void {
  const what = flagOf(spec.name)
  if (spec.kind === 'flag' && token.value !== undefined) throw new CliError('unexpected-value', { what })
  const text = spec.kind === 'flag' ? 'true' : token.value
  // What looks like the next option is one: `--format --json` forgot the format.
  const missing = text === undefined || (token.inlineValue !== true && text.startsWith('-') && text !== '-')
  if (missing) throw new CliError('missing-value', { what, placeholder: placeholderOf(spec) })
  if (spec.kind === 'flag' || !values.has(spec.name)) {
    values.set(spec.name, spec.many ? [readOne(spec, text, what)] : readOne(spec, text, what))
  } else if (spec.many) {
    values.set(spec.name, [...(values.get(spec.name) as readonly Value[]), readOne(spec, text, what)])
  } else {
    throw new CliError('repeated-option', { what })
  }
}

/** What stands for the value of an option in help. */
export const placeholderOf = (spec: OptionSpec): string => spec.placeholder ?? KINDS[spec.kind].placeholder

function readOne(spec: OptionSpec, text: string, what: string): Value {
  const reading = readValue(spec, text)
  if ('value' in reading) return reading.value
  throw new CliError('bad-value', { what, value: JSON.stringify(text), expected: reading.expected })
}

function readEnvironment(environment: Environment): Values {
  const values: Values = new Map()
  for (const spec of OPTIONS) {
    const what = environmentOf(spec.name)
    const text = environment[what]
    if (text === undefined || text === '' || spec.name === 'help') continue
    const separator = spec.kind === 'path' ? delimiter : ','
    values.set(
      spec.name,
      spec.many ? text.split(separator).map(part => readOne(spec, part, what)) : readOne(spec, text, what),
    )
  }
  return values
}

function readConfig(flags: Values, environment: Values): Values {
  const named = flags.get('config') ?? environment.get('config')
  const data = flags.get('data') ?? environment.get('data') ?? defaultDataDirectory()
  // Never from the current directory: who scans a folder of uploads must not be told by a file in it what to look for.
  const path = typeof named === 'string' ? named : join(String(data), CONFIG_FILE)
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (named === undefined) return new Map()
    throw new CliError('config-unreadable', { what: path, detail: detailOf(error) })
  }
  return parseConfig(text, path, named === undefined)
}

/** @param found - true where the file was found through the data directory, which it then cannot change */
function parseConfig(text: string, path: string, found: boolean): Values {
  let content: unknown
  try {
    content = JSON.parse(text)
  } catch (error) {
    throw new CliError('config-malformed', { what: path, detail: detailOf(error) })
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new CliError('config-malformed', { what: path, detail: 'it must hold one object' })
  }
  const values: Values = new Map()
  for (const [key, value] of Object.entries(content)) {
    const spec = OPTIONS.find(candidate => candidate.name === key)
    const closed = spec === undefined || key === 'help' || key === 'config' || (found && key === 'data')
    if (closed) throw new CliError('config-malformed', { what: path, detail: `it cannot hold the key "${key}"` })
    values.set(key, readConfigValue(spec, value, path))
  }
  return values
}

function readConfigValue(spec: OptionSpec, value: unknown, path: string): Value | readonly Value[] {
  const what = `"${spec.name}" in ${path}`
  if (spec.many && Array.isArray(value)) return value.map(item => readOne(spec, textOf(item), what))
  const one = readOne(spec, textOf(value), what)
  return spec.many ? [one] : one
}

/** Numbers and switches may stand in JSON as such or as text; anything else fits no kind. */
const textOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : ''

function checkOperands(command: CommandSpec, operands: readonly string[]): void {
  const details = { command: command.name, usage: `${command.name} ${command.operands}`.trim() }
  if (operands.length < command.least) throw new CliError('missing-argument', { ...details, what: command.operands })
  if (operands.length > command.most) {
    throw new CliError('extra-argument', { ...details, what: JSON.stringify(operands[command.most]) })
  }
}
