import { randomBytes } from 'node:crypto'
import { visible } from '../../report/index.ts'
import type { Account, ApiKey, Quota, UseCaseName } from '../../usecases/index.ts'
import { readSecret } from '../backends.ts'
import { EXIT } from '../commands.ts'
import type { Context, Run } from '../commands.ts'
import { atConsole, type Console } from '../console.ts'
import { CliError } from '../errors.ts'
import { jsonText } from '../output.ts'

// `lazaret account …`: accounts and API keys, without a running server; one that runs sees changes after some seconds.

export const ACCOUNT_SERVES = [
  'listAccounts',
  'createAccount',
  'updateAccount',
  'deleteAccount',
  'listKeys',
  'createKey',
  'revokeKey',
] as const satisfies readonly UseCaseName[]

const DAY_MS = 86_400_000
const PASSWORD_BYTES = 15

export const accountAdd: Run = context =>
  atConsole(context, { make: true }, async ({ useCases, accounts, who }) => {
    const { settings, operands, stdout, stderr } = context
    const [name] = operands
    const isFirst = (await accounts.store.countAccounts()) === 0
    const { passwordFile, role = isFirst ? 'administrator' : 'viewer' } = settings
    const given = passwordFile === undefined ? undefined : await readSecret('passwordFile', passwordFile)
    const password = given ?? randomBytes(PASSWORD_BYTES).toString('base64url')
    const account = await useCases.createAccount(who, { name, role, password, quota: quotaOf(context) })
    stderr.write(`Made the account ${visible(account.name)} with the role ${account.role}\n`)
    if (given === undefined) {
      stderr.write('Its password, which is not shown again:\n')
      stdout.write(`${password}\n`)
    }
    return EXIT.clean
  })

export const accountList: Run = context =>
  atConsole(context, { make: false }, async ({ useCases, who }) => {
    const accounts: Account[] = []
    let cursor: string | undefined
    do {
      const page = await useCases.listAccounts(who, { limit: 1000, ...(cursor === undefined ? {} : { cursor }) })
      accounts.push(...page.items)
      cursor = page.next
    } while (cursor !== undefined)
    context.stdout.write(context.settings.json ? jsonText({ accounts }) : accounts.map(accountLine).join(''))
    return EXIT.clean
  })

const accountLine = ({ name, role, disabled, oidc, createdAtMs }: Account): string => {
  const notes = [disabled ? 'disabled' : '', oidc === undefined ? '' : `logs in at ${visible(oidc.issuer)}`]
  const cells = [new Date(createdAtMs).toISOString(), role.padEnd(13), visible(name), ...notes]
  return `${cells.filter(cell => cell !== '').join('  ')}\n`
}

export const accountChange: Run = async context => {
  const { role, passwordFile } = context.settings
  const password = passwordFile === undefined ? undefined : await readSecret('passwordFile', passwordFile)
  const quota = quotaOf(context)
  return change(context, {
    ...(role === undefined ? {} : { role }),
    ...(password === undefined ? {} : { password }),
    ...(Object.keys(quota).length === 0 ? {} : { quota }),
  })
}
export const accountDisable: Run = context => change(context, { disabled: true })
export const accountEnable: Run = context => change(context, { disabled: false })

type Changes = Omit<Parameters<Console['useCases']['updateAccount']>[1], 'id'>

const change = (context: Context, changes: Changes): Promise<number> =>
  atConsole(context, { make: false }, async console => {
    const { id } = await named(console, context.operands[0])
    const { name, role, disabled } = await console.useCases.updateAccount(console.who, { id, ...changes })
    context.stderr.write(`${visible(name)}: ${role}${disabled ? ', disabled' : ''}\n`)
    return EXIT.clean
  })

export const accountDelete: Run = context =>
  atConsole(context, { make: false }, async console => {
    const { id } = await named(console, context.operands[0])
    await console.useCases.deleteAccount(console.who, { id })
    return EXIT.clean
  })

export const accountKey: Run = context =>
  atConsole(context, { make: false }, async console => {
    const { settings, stdout, stderr, operands } = context
    const { id } = await named(console, operands[0])
    const { label, role, days } = settings
    const made = await console.useCases.createKey(console.who, {
      account: id,
      label,
      quota: quotaOf(context),
      ...(role === undefined ? {} : { role }),
      ...(days === undefined ? {} : { expiresAtMs: Date.now() + days * DAY_MS }),
    })
    if (!settings.json) stderr.write(`Key ${keyLine(made.key)}Its secret, which is not shown again:\n`)
    stdout.write(settings.json ? jsonText(made) : `${made.secret}\n`)
    return EXIT.clean
  })

export const accountKeys: Run = context =>
  atConsole(context, { make: false }, async console => {
    const { id } = await named(console, context.operands[0])
    const keys = await console.useCases.listKeys(console.who, { account: id })
    context.stdout.write(context.settings.json ? jsonText({ keys }) : keys.map(keyLine).join(''))
    return EXIT.clean
  })

export const accountRevoke: Run = context =>
  atConsole(context, { make: false }, async ({ useCases, who }) => {
    await useCases.revokeKey(who, { id: context.operands[0] })
    return EXIT.clean
  })

const keyLine = ({ id, role, label, expiresAtMs, lastUsedMs }: ApiKey): string => {
  const time = (name: string, ms: number | undefined): string[] =>
    ms === undefined ? [] : [`${name} ${new Date(ms).toISOString()}`]
  return `${[id, role.padEnd(13), visible(label), ...time('expires', expiresAtMs), ...time('used', lastUsedMs)].join('  ')}\n`
}

/** @throws CliError `account-unknown` */
async function named({ accounts }: Console, name: string): Promise<Account> {
  const account = await accounts.store.accountByName(name)
  if (account === undefined) throw new CliError('account-unknown', { what: JSON.stringify(name) })
  return account
}

function quotaOf({ settings }: Context): Quota {
  const { scansPerMinute, scansPerDay, bytesPerDay } = settings
  return {
    ...(scansPerMinute === undefined ? {} : { scansPerMinute }),
    ...(scansPerDay === undefined ? {} : { scansPerDay }),
    ...(bytesPerDay === undefined ? {} : { bytesPerDay }),
  }
}
