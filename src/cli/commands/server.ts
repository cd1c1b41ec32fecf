import type { ReloadOutcome, ScannerStatus } from '../../scan/index.ts'
import { connectAsAdmin, serverError } from '../backends.ts'
import { EXIT } from '../commands.ts'
import type { Context, Run } from '../commands.ts'
import { jsonText } from '../output.ts'
import { bytesText } from '../progress.ts'
import { visible } from '../../report/index.ts'

/** `lazaret status`. */
export const status: Run = context => ask(context, 'stats', answer => statusText(answer as ScannerStatus))

/** `lazaret db reload`. */
export const dbReload: Run = context => ask(context, 'reload', answer => reloadText(answer as ReloadOutcome))

/** Asks the running server one thing, and writes the answer. */
async function ask({ settings, stdout }: Context, verb: string, textOf: (answer: unknown) => string): Promise<number> {
  const client = await connectAsAdmin(settings)
  try {
    const answer = await client.request(verb)
    stdout.write(settings.json ? jsonText(answer) : textOf(answer))
    return EXIT.clean
  } catch (error) {
    throw serverError(client.server, error)
  } finally {
    client.close()
  }
}

function statusText(status: ScannerStatus): string {
  const { threads, verdicts, active } = status
  const lines = [
    `version        ${status.version}`,
    `database       ${status.database}`,
    `signatures     ${status.signatures}`,
    `built          ${new Date(status.databaseBuiltAtMs).toISOString()}`,
    `up             ${status.uptimeSeconds.toFixed(0)} s`,
    `threads        ${threads.live} of ${threads.max}, ${threads.idle} idle`,
    `queued         ${status.queued}`,
    `scans          ${status.scans}`,
    `bytes          ${bytesText(status.bytes)}`,
    ...Object.entries(verdicts).map(([verdict, count]) => `  ${verdict.padEnd(12)} ${count}`),
    `restarts       ${status.engineRestarts}`,
    `memory         ${bytesText(status.residentBytes)}`,
    ...active.map(({ name, seconds, command }) => `running        ${command} ${seconds.toFixed(1)} s ${visible(name)}`),
  ]
  return `${lines.join('\n')}\n`
}

function reloadText({ changed, database, signatures, skipped, elapsedMs }: ReloadOutcome): string {
  const what = changed ? 'A new database is in use' : 'The database has not changed'
  const seconds = (elapsedMs / 1000).toFixed(1)
  return `${what}: ${signatures} signatures, ${skipped} lines left out, generation ${database}, ${seconds} s\n`
}
