// Finds the command, reads its options, loads its code, and turns what it throws into words and an exit code.

import { COMMANDS, EXIT, findCommand } from './commands.ts'
import type { CommandName, CommandSpec, Context, Run } from './commands.ts'
import { CliError, renderError } from './errors.ts'
import { familyOf, helpCommand, helpOverview } from './help.ts'
import { readInvocation } from './settings.ts'

// The code of a command is loaded when it runs: `version` must not pay for the engine.
const LOADERS: Readonly<Record<CommandName, () => Promise<Run>>> = {
  scan: async () => (await import('./commands/scan.ts')).scan,
  serve: async () => (await import('./commands/serve.ts')).serve,
  'db build': async () => (await import('./commands/db.ts')).dbBuild,
  'db info': async () => (await import('./commands/db.ts')).dbInfo,
  'db verify': async () => (await import('./commands/db.ts')).dbVerify,
  'db reload': async () => (await import('./commands/server.ts')).dbReload,
  'component list': async () => (await import('./commands/component.ts')).componentList,
  'component run': async () => (await import('./commands/component.ts')).componentRun,
  stats: async () => (await import('./commands/stats.ts')).stats,
  status: async () => (await import('./commands/server.ts')).status,
  search: async () => (await import('./commands/search.ts')).search,
  backup: async () => (await import('./commands/backup.ts')).backup,
  restore: async () => (await import('./commands/backup.ts')).restore,
  'account add': async () => (await import('./commands/account.ts')).accountAdd,
  'account list': async () => (await import('./commands/account.ts')).accountList,
  'account change': async () => (await import('./commands/account.ts')).accountChange,
  'account disable': async () => (await import('./commands/account.ts')).accountDisable,
  'account enable': async () => (await import('./commands/account.ts')).accountEnable,
  'account delete': async () => (await import('./commands/account.ts')).accountDelete,
  'account key': async () => (await import('./commands/account.ts')).accountKey,
  'account keys': async () => (await import('./commands/account.ts')).accountKeys,
  'account revoke': async () => (await import('./commands/account.ts')).accountRevoke,
  'audit export': async () => (await import('./commands/audit.ts')).auditExport,
  'audit verify': async () => (await import('./commands/audit.ts')).auditVerify,
  'vault rotate': async () => (await import('./commands/vault.ts')).vaultRotate,
  'vault check': async () => (await import('./commands/vault.ts')).vaultCheck,
  doctor: async () => (await import('./commands/doctor.ts')).doctor,
  version: async () => (await import('./commands/version.ts')).version,
  help: async () => help,
}

const ALIASES: Readonly<Record<string, string>> = {
  '--help': 'help',
  '-h': 'help',
  '--version': 'version',
  '-V': 'version',
}

/** What the command line talks to; tests give their own. */
export interface Host extends Pick<Context, 'stdout' | 'stderr'> {
  readonly environment: Readonly<Record<string, string | undefined>>
}

/**
 * Runs one command.
 * @param words - the command line without the program
 * @returns the exit code; errors have been written to standard error by then
 */
export async function runCli(words: readonly string[], host: Host): Promise<number> {
  try {
    const command = chooseCommand(words)
    const rest = words.slice(words.length === 0 ? 0 : command.name.split(' ').length)
    const invocation = readInvocation(command, rest, host.environment)
    if (invocation.settings.help) {
      host.stdout.write(helpCommand(command))
      return EXIT.clean
    }
    const run = await LOADERS[command.name as CommandName]()
    return await run({ ...invocation, stdout: host.stdout, stderr: host.stderr })
  } catch (error) {
    host.stderr.write(renderError(error))
    return EXIT.failed
  }
}

function chooseCommand(words: readonly string[]): CommandSpec {
  const [first = 'help', ...others] = words
  const command = findCommand([ALIASES[first] ?? first, ...others])
  if (command !== undefined) return command
  const family = familyOf(first).map(({ name }) => name.split(' ')[1])
  if (family.length === 0) throw new CliError('unknown-command', { what: JSON.stringify(first) })
  throw new CliError('missing-argument', {
    command: first,
    what: `one of ${family.join(', ')}`,
    usage: `${first} ${family[0]} …`,
  })
}

const help: Run = ({ operands, stdout }) => {
  const [first] = operands
  const command = first === undefined ? undefined : findCommand(operands)
  const family = first === undefined ? COMMANDS : familyOf(first)
  if (command === undefined && family.length === 0) {
    throw new CliError('unknown-command', { what: JSON.stringify(operands.join(' ')) })
  }
  stdout.write(command === undefined ? helpOverview(family) : helpCommand(command))
  return Promise.resolve(EXIT.clean)
}
