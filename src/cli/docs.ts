// docs/options.md and docs/errors.md from the tables. docs.test.ts compares them, and rewrites them with -u.

import { CONNECTION_ERRORS, STREAM_ERRORS } from '../protocol/index.ts'
import { SCAN_FAILURES } from '../scan/index.ts'
import { SEARCH_FIELDS, USE_CASE_ERRORS } from '../usecases/index.ts'
import { IMAGE_ERRORS, PROBLEMS } from '../signatures/index.ts'
import { COMMANDS } from './commands.ts'
import { CLI_ERRORS } from './errors.ts'
import { defaultText } from './help.ts'
import { environmentOf, flagOf, OPTIONS, optionsOf } from './options.ts'
import type { OptionSpec } from './options.ts'
import { placeholderOf } from './settings.ts'
import { rangeText } from './values.ts'

const cell = (text: string): string => text.replaceAll('|', '\\|')
const row = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n')

/** The whole text of docs/options.md. */
export function optionsPage(): string {
  const commands = COMMANDS.map(command => [
    `\`lazaret ${`${command.name} ${command.operands}`.trimEnd()}\``,
    command.text,
    optionsOf(command)
      .filter(spec => spec.name !== 'help' && spec.advanced !== true)
      .map(spec => `\`${flagOf(spec.name)}\``)
      .join(' '),
  ])
  return `# Commands and options

This page is made from the tables in \`src/cli/commands.ts\` and \`src/cli/options.ts\`; \`npx vitest run src/cli/docs.test.ts -u\` writes it anew.

## Commands

${table(['Command', 'What it does', 'Options'], commands)}

Every command takes \`--help\`. Exit codes: 0 everything is clean (or the command did what it was asked), 1 something was found,
2 an error, or something could not be looked at. Results go to standard output; progress and errors go to standard error.

## Options

An option is taken from its flag, else from its environment variable, else from the configuration file, else it has its default.
A list in an environment variable is separated by commas, a list of paths by \`:\` (on Windows \`;\`).

${table(['Flag', 'Environment', 'Key', 'Value', 'Default', 'What it does'], OPTIONS.filter(spec => spec.name !== 'help').map(optionRow))}

\`ADDR\` is \`unix:PATH\`, \`tcp:HOST:PORT\` or \`tls:HOST:PORT\`. Sizes are bytes; \`K\`, \`M\`, \`G\` and \`T\` (powers of 1024) may follow.

## Configuration file

\`lazaret.config.json\` in the data directory, or the file that \`--config\` names, holds one JSON object whose keys are those above:

\`\`\`json
{ "db": ["/srv/signatures"], "clamd": ["unix:/run/lazaret/clamd.sock"], "workers": 4, "maxFileSize": "512M" }
\`\`\`

It is never taken from the current directory: a folder that is to be scanned must not say how. A file found in the data directory
cannot hold \`data\`. An unknown key or a value out of range is an error, not a warning.
`
}

function optionRow(spec: OptionSpec): readonly string[] {
  const value = spec.kind === 'flag' ? 'switch' : `${placeholderOf(spec)}${spec.many ? ', repeatable' : ''}`
  const bounds = spec.choices === undefined ? rangeText(spec) : `: ${choicesText(spec)}`
  return [
    `\`${flagOf(spec.name)}\``,
    `\`${environmentOf(spec.name)}\``,
    spec.name === 'config' ? '' : `\`${spec.name}\``,
    `${value}${bounds}`,
    defaultText(spec) ?? 'off',
    spec.text,
  ]
}

function choicesText({ choices = [], choicesOf = {} }: OptionSpec): string {
  const others = Object.entries(choicesOf).map(([command, words]) => `; for ${command} ${words.join(', ')}`)
  return choices.join(', ') + others.join('')
}

/** The whole text of docs/errors.md. */
export function errorsPage(): string {
  const ours = Object.entries(CLI_ERRORS).map(([code, text]) => [`\`${code}\``, text.message, text.remedy])
  return `# Errors

This page is made from the tables in the sources; \`npx vitest run src/cli/docs.test.ts -u\` writes it anew. Codes are stable: they
are not renamed, and none is given another meaning.

## The command line

An error ends the command with exit code 2. Standard error then says what went wrong and where, the code, and what to do.

${table(['Code', 'What it says', 'What to do'], ours)}

## Single files

A file that cannot be scanned is an error in the results, and the others are scanned; the exit code is then at least 2 unless
something was found. It is never reported as clean.

${table(['Code', 'What it says'], codeRows({ ...SCAN_FAILURES, ...FILE_ERRORS }))}

## The native protocol

These end a connection:

${table(['Code', 'What it says'], codeRows(CONNECTION_ERRORS))}

These end one stream; the connection goes on:

${table(['Code', 'What it says'], codeRows(STREAM_ERRORS))}

## The server

What a submission or a question may be refused with, whatever the door. REST says it as a problem of RFC 9457 whose \`code\` is this,
SOAP as a fault whose detail is this.

${table(['Code', 'Title', 'HTTP', 'Fault', 'What to do'], useCaseRows)}

## Lines of signature files

\`lazaret db build OUT PATH… --report\` names them for each line that was left out.

${table(['Code', 'Why the line is left out'], codeRows(PROBLEMS))}

## Database images

${table(['Code', 'What it says'], codeRows(IMAGE_ERRORS))}
`
}

const useCaseRows = Object.entries(USE_CASE_ERRORS).map(([code, { title, status, fault, remedy }]) => [
  `\`${code}\``,
  title,
  String(status),
  fault,
  remedy,
])

const FIELD_KINDS = {
  text: 'text',
  word: 'one of its words',
  digest: 'digest',
  size: 'size',
  duration: 'duration',
  time: 'time',
  count: 'number',
} as const

/** docs/search.md with the table of fields in place of what stands between its marks. */
export function searchPage(current: string): string {
  const rows = Object.entries(SEARCH_FIELDS).map(([name, spec]) => [
    `\`${name}\``,
    'words' in spec ? spec.words.map(word => `\`${word}\``).join(' ') : FIELD_KINDS[spec.kind],
    spec.text,
    `\`${spec.example}\``,
  ])
  const [before, , after] = current.split('<!-- fields -->')
  return [before, `\n\n${table(['Field', 'Value', 'Holds where', 'Example'], rows)}\n\n`, after].join('<!-- fields -->')
}

/** What the client library says of a file or a connection, beside the codes of the protocol. */
const FILE_ERRORS = {
  unreadable: 'The file cannot be read; the message says why',
  'connect-failed': 'No server answers; the message says why',
  'connection-lost': 'The connection to the server was lost',
  'tls-failed': 'TLS to the server failed; the message says why',
} as const

const codeRows = (codes: Readonly<Record<string, string>>): string[][] =>
  Object.entries(codes).map(([code, text]) => [`\`${code}\``, text])
