import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { VERSION } from '../../client/index.ts'
import { KERNEL_URL, locateDatabase, SandboxPool } from '../../runtime/index.ts'
import { inspectLedger, inspectVault, vaultKeyFile } from '../../store/index.ts'
import { EXIT } from '../commands.ts'
import type { Run } from '../commands.ts'
import { starterDatabase } from '../data.ts'
import { storeOf, withoutPassword } from '../ledger.ts'
import type { Settings } from '../options.ts'
import { vaultPlace } from '../use-cases.ts'
import { jsonText } from '../output.ts'

// `lazaret doctor`: what this installation has, what it lacks, and what to do about it.

interface Check {
  readonly name: string
  /** `missing`: it works without, but less safely or more slowly. `failed`: it does not work. */
  readonly state: 'ok' | 'missing' | 'failed'
  readonly text: string
  readonly advice?: string
}

export const doctor: Run = async ({ settings, stdout }) => {
  const checks = [
    nodeCheck(),
    kernelCheck(),
    databaseCheck(settings),
    await ledgerCheck(settings),
    await vaultCheck(settings),
    ...(await sandboxChecks()),
  ]
  stdout.write(settings.json ? jsonText({ name: 'lazaret', version: VERSION, checks }) : textOf(checks))
  return checks.some(({ state }) => state === 'failed') ? EXIT.failed : EXIT.clean
}

const nodeCheck = (): Check => ({
  name: 'node',
  state: 'ok',
  text: `${process.versions.node} (${process.platform} ${process.arch})`,
})

const kernelCheck = (): Check => {
  const path = fileURLToPath(KERNEL_URL)
  if (existsSync(path)) return { name: 'kernel', state: 'ok', text: path }
  const text = `${path} is not there; the slower matcher in JavaScript takes its place`
  return { name: 'kernel', state: 'missing', text, advice: 'npm run build' }
}

/** Only looks whether it is there: `lazaret db verify` reads it. */
const databaseCheck = ({ db }: Settings): Check => {
  const name = 'database'
  try {
    const paths = db.length > 0 ? db : [starterDatabase()]
    const located = locateDatabase(paths)
    const what = located.kind === 'image' ? 'a built image' : `${located.files.length} signature files`
    return { name, state: 'ok', text: `${what} (${paths.join(', ')})` }
  } catch (error) {
    return { name, state: 'failed', text: (error as Error).message, advice: 'Name another one with --db' }
  }
}

/** A server makes a ledger that is absent, and brings an older one up to date. */
const ledgerCheck = async (settings: Settings): Promise<Check> => {
  const store = storeOf(settings)
  const { state, detail } = await inspectLedger(store)
  const isFailed = state === 'newer' || state === 'damaged' || state === 'unreachable'
  const text = `${state} (${withoutPassword(store)}): ${detail}`
  if (!isFailed) return { name: 'ledger', state: 'ok', text }
  return { name: 'ledger', state: 'failed', text, advice: 'Restore a backup into another --store, see docs/ledger.md' }
}

/** Whether the content that is kept can be read: `lazaret vault check` looks at each. */
const vaultCheck = async (settings: Settings): Promise<Check> => {
  const place = await vaultPlace(settings)
  const keyFile = settings.vaultKeyFile ?? vaultKeyFile(settings.data)
  const { state, detail } = await inspectVault({ place, keyFile })
  const text = `${state} (${typeof place === 'string' ? place : (settings.vault ?? '')}): ${detail}`
  if (state !== 'failed') return { name: 'vault', state: 'ok', text }
  return { name: 'vault', state: 'failed', text, advice: 'See docs/vault.md; the key file may be in a backup' }
}

/** Starts a child and tries its walls. */
async function sandboxChecks(): Promise<readonly Check[]> {
  const pool = new SandboxPool({ size: 1 })
  try {
    await pool.ready
    const layers = pool.layers().map(({ name, active, why, advice }): Check => ({
      name,
      state: active ? 'ok' : 'missing',
      text: why,
      ...(advice === undefined ? {} : { advice }),
    }))
    return [{ name: 'sandbox', state: 'ok', text: `starts in ${pool.startMs.toFixed(0)} ms` }, ...layers]
  } catch (error) {
    return [{ name: 'sandbox', state: 'failed', text: (error as Error).message }]
  } finally {
    await pool.close()
  }
}

const textOf = (checks: readonly Check[]): string => {
  const lines = checks.flatMap(({ name, state, text, advice }) => [
    `${state.padEnd(8)} ${name.padEnd(11)} ${text}`,
    ...(advice === undefined ? [] : [`${' '.repeat(21)}→ ${advice}`]),
  ])
  return `${lines.join('\n')}\n`
}
