import { clamdStatsText, clamdTime, clamdVersionCommands } from '../../protocol/index.ts'
import type { ClamdCommandName } from '../../protocol/index.ts'
import type { ClamdHost } from './host.ts'

// Replies that only need the state of the scanner.

const IDLE_TIMEOUT_SECONDS = 30
const NEED_SHUTDOWN: readonly ClamdCommandName[] = ['QUIT', 'SHUTDOWN']

/** The reply to VERSION. */
export const versionText = async (host: ClamdHost): Promise<string> => {
  if (host.version !== undefined) return host.version
  const { version, signatures, databaseBuiltAtMs } = await host.scanner.status()
  return `Lazaret ${version}/${signatures}/${clamdTime(databaseBuiltAtMs)}`
}

/** The reply to VERSIONCOMMANDS. */
export const versionCommandsText = async (host: ClamdHost): Promise<string> =>
  clamdVersionCommands(await versionText(host), host.shutdown === undefined ? NEED_SHUTDOWN : [])

/** The reply to STATS. */
export const statsText = async (host: ClamdHost): Promise<string> =>
  clamdStatsText({ ...(await host.scanner.status()), idleTimeoutSeconds: IDLE_TIMEOUT_SECONDS })

/** Carries out RELOAD; its reply does not wait for it. */
export const reloadInBackground = (host: ClamdHost): void => {
  host.scanner.reload().then(
    outcome => host.log(`clamd: reloaded, ${outcome.signatures} signatures`),
    (error: unknown) => host.log(`clamd: not reloaded: ${(error as Error).message}`),
  )
}
