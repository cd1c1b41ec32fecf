// Every command, declared once: help, the check of arguments and docs/options.md come from this table, and main.ts
// loads the code of the one that runs.

import type { Invocation } from './settings.ts'

/** What a command is given, and where it writes. */
export interface Context extends Invocation {
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean }
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number }
}

/** @returns the exit code: 0 well, 1 something found, 2 not done. */
export type Run = (context: Context) => Promise<number>

export interface CommandSpec {
  /** One word, or two. */
  readonly name: string
  readonly operands: string
  readonly least: number
  readonly most: number
  readonly text: string
  readonly details?: string
}

export const EXIT = { clean: 0, found: 1, failed: 2 } as const

export const COMMANDS = [
  {
    name: 'scan',
    operands: 'PATH…',
    least: 1,
    most: Infinity,
    text: 'Scan files and folders, by a running server or in this process.',
    details:
      'Folders are scanned with everything below them; symbolic links inside are not followed. - is standard input.\n' +
      'Exit code: 0 everything is clean, 1 something was found, 2 an error, or something could not be looked at.',
  },
  {
    name: 'serve',
    operands: '',
    least: 0,
    most: 0,
    text: 'Start the server: signatures are loaded once, everybody asks it.',
    details:
      'SIGHUP reloads the database, SIGTERM and SIGINT finish what is running and stop; a second one stops at once.',
  },
  {
    name: 'db build',
    operands: 'OUT PATH…',
    least: 2,
    most: Infinity,
    text: 'Build a database image from signature files and directories of them.',
    details: 'What cannot be used is counted and left out, and the rest is built; --report lists each such line.',
  },
  { name: 'db info', operands: 'FILE', least: 1, most: 1, text: 'Say what a database image holds.' },
  {
    name: 'db verify',
    operands: 'FILE',
    least: 1,
    most: 1,
    text: 'Check every byte of a database image against its checksums.',
  },
  {
    name: 'db reload',
    operands: '',
    least: 0,
    most: 0,
    text: 'Make the running server read its database again; no scan is lost.',
  },
  {
    name: 'component list',
    operands: '',
    least: 0,
    most: 0,
    text: 'List the components that take content apart, with the types they accept.',
  },
  {
    name: 'component run',
    operands: 'NAME FILE',
    least: 2,
    most: 2,
    text: 'Run one component over one file and print what it emits: the way to develop one.',
    details: 'It runs in this process, outside of the sandbox: not for content that you do not trust.',
  },
  {
    name: 'stats',
    operands: 'FILE…',
    least: 1,
    most: Infinity,
    text: 'Statistics over result files in JSON or XML, of this or any earlier version.',
    details:
      'Verdicts, detections, types, packers, sizes, times, and what was not seen, over time and by file. Each scan is\n' +
      'counted as often as it stands in the files. Exit code: 0 all were read, 2 one of them could not be.',
  },
  { name: 'status', operands: '', least: 0, most: 0, text: 'Show what the running server does and has done.' },
  {
    name: 'search',
    operands: 'QUERY',
    least: 1,
    most: Infinity,
    text: 'Search the scans that the ledger holds, newest first.',
    details: 'docs/search.md has the language, for example: verdict:infected time:7d -label:mail',
  },
  {
    name: 'backup',
    operands: 'FILE',
    least: 1,
    most: 1,
    text: 'Write everything that the ledger holds to a file, while the server goes on.',
    details: 'The file is readable by its owner only. Contents in the vault and its keys are not part of it.',
  },
  {
    name: 'restore',
    operands: 'FILE',
    least: 1,
    most: 1,
    text: 'Fill an empty ledger from a backup, of the same kind of database or the other.',
  },
  {
    name: 'account add',
    operands: 'NAME',
    least: 1,
    most: 1,
    text: 'Make an account. Without --password-file it gets a password that is shown once.',
    details: 'With the first account nobody may use the server over the network without one; it is an administrator.',
  },
  { name: 'account list', operands: '', least: 0, most: 0, text: 'List the accounts.' },
  {
    name: 'account change',
    operands: 'NAME',
    least: 1,
    most: 1,
    text: 'Change the role or the password of an account; a new password ends its sessions.',
  },
  {
    name: 'account disable',
    operands: 'NAME',
    least: 1,
    most: 1,
    text: 'Let an account do nothing, and end its sessions.',
  },
  { name: 'account enable', operands: 'NAME', least: 1, most: 1, text: 'Let it do again what its role allows.' },
  {
    name: 'account delete',
    operands: 'NAME',
    least: 1,
    most: 1,
    text: 'Delete an account with its keys and sessions.',
  },
  {
    name: 'account key',
    operands: 'NAME',
    least: 1,
    most: 1,
    text: 'Make an API key for an account. Its secret is the only line on standard output, and is shown this once.',
  },
  { name: 'account keys', operands: 'NAME', least: 1, most: 1, text: 'List the API keys of an account.' },
  { name: 'account revoke', operands: 'KEY-ID', least: 1, most: 1, text: 'Revoke an API key.' },
  {
    name: 'audit export',
    operands: '',
    least: 0,
    most: 0,
    text: 'Write the audit log, oldest first, as lines of JSON.',
  },
  {
    name: 'audit verify',
    operands: '[SEAL]',
    least: 0,
    most: 1,
    text: 'Check that no entry of the audit log was changed, removed or added; shows the last seal.',
    details:
      'Whoever can write to the database can cut off the end: note the seal elsewhere, and give it the next time.\n' +
      'Exit code: 0 it is whole, 1 it is not.',
  },
  {
    name: 'vault rotate',
    operands: '',
    least: 0,
    most: 0,
    text: 'Make a new master key and seal what is kept by it. May run beside a server, and be interrupted.',
  },
  {
    name: 'vault check',
    operands: '',
    least: 0,
    most: 0,
    text: 'Check what is kept: that it can be decrypted, and is as long as it should be.',
    details: 'Exit code: 0 everything is as it should be, 1 something is not.',
  },
  {
    name: 'doctor',
    operands: '',
    least: 0,
    most: 0,
    text: 'Say what this installation has and lacks: walls around what takes files apart, matcher, database.',
    details: 'Exit code: 0 it works, though maybe with fewer walls than it could have, 2 something does not work.',
  },
  { name: 'version', operands: '', least: 0, most: 0, text: 'Show the version.' },
  {
    name: 'help',
    operands: '[COMMAND]',
    least: 0,
    most: 2,
    text: 'Show the commands, or one of them with its options.',
  },
] as const satisfies readonly CommandSpec[]

export type CommandName = (typeof COMMANDS)[number]['name']

/** The command that the words begin with, the longest name first. */
export function findCommand(words: readonly string[]): CommandSpec | undefined {
  const two = words.slice(0, 2).join(' ')
  return COMMANDS.find(command => command.name === two) ?? COMMANDS.find(command => command.name === words[0])
}
