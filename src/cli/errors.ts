// Everything the command line may refuse, one code each. docs/errors.md lists the same codes; docs.test.ts ties them.

import { visible } from '../report/index.ts'
import type { DatabaseError } from '../runtime/index.ts'
import { flagOf } from './options.ts'

interface ErrorText {
  /** What went wrong; `{what}` and the like are filled in. */
  readonly message: string
  /** What the reader can do about it. */
  readonly remedy: string
}

/** Codes of the command line, as they stand in messages and in results: stable. */
export const CLI_ERRORS = {
  'unknown-command': { message: 'There is no command {what}', remedy: 'lazaret help lists the commands' },
  'unknown-option': {
    message: 'lazaret {command} knows no option {what}',
    remedy: 'lazaret help {command} lists its options',
  },
  'missing-value': { message: '{what} needs a value', remedy: 'Write {what} {placeholder}' },
  'unexpected-value': { message: '{what} is a switch and takes no value', remedy: 'Leave the value out' },
  'bad-value': { message: '{what} cannot be {value}', remedy: 'It must be {expected}' },
  'repeated-option': { message: '{what} is given more than once', remedy: 'Give it once' },
  'conflicting-options': { message: '{what} and {other} exclude each other', remedy: 'Leave one of them out' },
  'missing-argument': { message: 'lazaret {command} needs {what}', remedy: 'Usage: lazaret {usage}' },
  'extra-argument': { message: 'lazaret {command} does not expect {what}', remedy: 'Usage: lazaret {usage}' },
  'unknown-component': { message: 'There is no component {what}', remedy: 'lazaret component list names them' },
  'unknown-type': {
    message: 'There is no type {what}',
    remedy: 'Reports and docs/report.md name types as pe, zip, html',
  },
  'config-unreadable': {
    message: 'The configuration file {what} cannot be read: {detail}',
    remedy: 'Check the path and its permissions',
  },
  'config-malformed': {
    message: 'The configuration file {what} is not valid: {detail}',
    remedy: 'docs/options.md lists the keys and their values',
  },
  'data-unusable': {
    message: 'The data directory {what} cannot be used: {detail}',
    remedy: 'Choose another one with --data, or mend its permissions',
  },
  'database-not-found': { message: 'There is no database {what}: {detail}', remedy: 'Check the path after --db' },
  'database-unreadable': { message: 'The database {what} cannot be read: {detail}', remedy: 'Check its permissions' },
  'database-empty': {
    message: 'There is no usable signature in {what}: {detail}',
    remedy: 'lazaret db build OUT PATH… --report says why each line was left out; folders inside folders are not read',
  },
  'database-mixed': {
    message: 'The database {what} cannot be joined with others: {detail}',
    remedy: 'Build one image from all sources with lazaret db build',
  },
  'database-corrupt': {
    message: 'The database image {what} cannot be used: {detail}',
    remedy: 'Build it again with lazaret db build',
  },
  'database-unwritable': {
    message: 'The database image {what} cannot be written: {detail}',
    remedy: 'Check the folder, its permissions and the free space',
  },
  'database-build-failed': {
    message: 'The database image {what} could not be built: {detail}',
    remedy: 'Try lazaret db build to see more; less memory is needed with fewer signatures',
  },
  'engine-failed': {
    message: 'The engine could not start with the database {what}: {detail}',
    remedy: 'lazaret db verify FILE checks an image; build it again where it is damaged',
  },
  'no-server': {
    message: 'No server answers at {what}: {detail}',
    remedy: 'Start one with lazaret serve, or name another with --server',
  },
  'server-refused': {
    message: 'The server at {what} refused: {detail}',
    remedy: 'Check --token-file and the TLS options',
  },
  'cannot-listen': {
    message: 'Cannot listen on {what}: {detail}',
    remedy: 'Choose another address with --native or --clamd',
  },
  'file-unreadable': {
    message: '{what} names a file that cannot be read: {detail}',
    remedy: 'Check the path and its permissions',
  },
  'not-results': {
    message: '{what} does not hold results: {detail}',
    remedy: 'Give files that lazaret scan --format json or xml has written',
  },
  'store-unknown': {
    message: 'The ledger cannot be {what}',
    remedy: 'Write sqlite:PATH or postgres://USER@HOST/DATABASE after --store',
  },
  'store-unusable': {
    message: 'The ledger {what} cannot be used: {detail}',
    remedy: 'lazaret doctor looks at it; docs/ledger.md says how to restore a backup',
  },
  'vault-unusable': {
    message: 'The vault {what} cannot be used: {detail}',
    remedy: 'Check the place after --vault and the key file in the data directory',
  },
  'accounts-unusable': {
    message: 'Accounts cannot be used: {detail}',
    remedy: 'docs/accounts.md says what belongs to them',
  },
  'accounts-needed': { message: 'The server does not start: {detail}', remedy: '{help}' },
  'account-unknown': { message: 'There is no account {what}', remedy: 'lazaret account list names them' },
  'administration-refused': { message: '{detail}', remedy: 'docs/accounts.md says what is allowed' },
  'store-absent': {
    message: 'There is no ledger at {what}',
    remedy: 'lazaret serve makes one; name another one with --store or --data',
  },
  'query-refused': { message: 'The ledger refused: {detail}', remedy: 'docs/search.md has the query language' },
  'backup-unusable': {
    message: 'The backup {what} cannot be used: {detail}',
    remedy: 'Nothing was changed; take another backup, or an empty ledger to restore it into',
  },
  'file-unwritable': {
    message: '{what} cannot be written: {detail}',
    remedy: 'Check the folder, its permissions and the free space',
  },
  'package-incomplete': { message: 'The installed package lacks {what}', remedy: 'Install it again' },
  internal: {
    message: 'Lazaret itself failed: {detail}',
    remedy: 'This is a defect: please report it with the text above',
  },
} as const satisfies Record<string, ErrorText>

export type CliErrorCode = keyof typeof CLI_ERRORS

/** What fills the places of a message. */
export type Details = Readonly<Record<string, string>>

/** A refusal for the person at the keyboard: one sentence what and where, one sentence what to do. */
export class CliError extends Error {
  readonly code: CliErrorCode
  readonly remedy: string

  constructor(code: CliErrorCode, details: Details = {}, options?: ErrorOptions) {
    super(fill(CLI_ERRORS[code].message, details), options)
    this.name = 'CliError'
    this.code = code
    this.remedy = fill(CLI_ERRORS[code].remedy, details)
  }
}

const fill = (template: string, details: Details): string =>
  template.replaceAll(/\{(\w+)\}/g, (place, name: string) => details[name] ?? place)

/** An error for standard error: `lazaret: what (code)` and, on a line of its own, what to do. */
export function renderError(error: unknown): string {
  const known = asCliError(error)
  const lines = known.message.split('\n').map(visible).join('\n')
  return `lazaret: ${lines} (${known.code})\n${visible(known.remedy)}.\n`
}

function asCliError(error: unknown): CliError {
  if (error instanceof CliError) return error
  if (isDatabaseError(error)) return new CliError(error.code, { what: error.path, detail: error.detail })
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return new CliError('internal', { detail })
}

/** By its name: loading what makes databases would cost every command its start. */
const isDatabaseError = (error: unknown): error is DatabaseError =>
  error instanceof Error && error.name === 'DatabaseError'

/** Both flags were given where only one can hold. */
export const conflict = (one: string, other: string): CliError =>
  new CliError('conflicting-options', { what: flagOf(one), other: flagOf(other) })

/** The text of an error for the `{detail}` of another. */
export const detailOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
