// Help on the terminal, from the tables of commands and options.

import { COMMANDS } from './commands.ts'
import type { CommandSpec } from './commands.ts'
import { flagOf, optionsOf } from './options.ts'
import type { OptionSpec } from './options.ts'
import { placeholderOf } from './settings.ts'
import { rangeText, valueText } from './values.ts'

const WIDTH = 100

/** The commands that begin with this word: `db` for the four of the database. */
export const familyOf = (word: string): readonly CommandSpec[] =>
  COMMANDS.filter(({ name }) => name.startsWith(`${word} `))

/** The page of `lazaret help`, or the part of it that is about some commands. */
export function helpOverview(commands: readonly CommandSpec[] = COMMANDS): string {
  const names = commands.map(command => usageOf(command))
  const column = Math.max(...names.map(name => name.length)) + 2
  const lines = commands.map((command, index) => `  ${names[index].padEnd(column)}${command.text}`)
  return `Lazaret scans files for malware. One server loads the signatures, everybody asks it.

Usage: lazaret COMMAND [OPTION]… [PATH]…

${lines.join('\n')}

lazaret help COMMAND shows the options of a command.
ADDR is unix:PATH, tcp:HOST:PORT or tls:HOST:PORT.
`
}

/** The page of one command with its options. */
export function helpCommand(command: CommandSpec): string {
  const options = optionsOf(command).filter(spec => spec.advanced !== true)
  const more = options.length < optionsOf(command).length ? '\nMore limits stand in docs/options.md.\n' : ''
  const details = 'details' in command && command.details !== undefined ? `${command.details}\n` : ''
  const heads = options.map(headOf)
  const column = Math.max(...heads.map(head => head.length)) + 4
  const lines = options.map((spec, index) => {
    const text = wrap(sentenceOf(spec), WIDTH - column)
    return `  ${heads[index].padEnd(column - 2)}${text.join(`\n${' '.repeat(column)}`)}`
  })
  return `Usage: lazaret ${usageOf(command)} [OPTION]…\n\n${command.text}\n${details}\nOptions:\n${lines.join('\n')}\n${more}`
}

const usageOf = (command: CommandSpec): string => `${command.name} ${command.operands}`.trimEnd()

/** `--max-time SECONDS`. */
const headOf = (spec: OptionSpec): string => `${flagOf(spec.name)} ${placeholderOf(spec)}`.trimEnd()

function sentenceOf(spec: OptionSpec): string {
  const parts = [spec.text]
  if (spec.choices !== undefined) parts.push(`One of ${spec.choices.join(', ')}.`)
  if (spec.many) parts.push('May be repeated.')
  if (spec.range !== undefined) parts.push(`Allowed:${rangeText(spec).replace(' from', '')}.`)
  const standard = defaultText(spec)
  if (standard !== undefined) parts.push(`Default: ${standard}.`)
  return parts.join(' ')
}

/** What holds when nobody gave the option; undefined for a switch that is simply off. */
export function defaultText(spec: OptionSpec): string | undefined {
  if (spec.kind === 'flag') return undefined
  return spec.default === undefined ? spec.otherwise : valueText(spec, spec.default)
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}
