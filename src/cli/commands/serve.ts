import { realpathSync } from 'node:fs'
import { delimiter, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { VERSION } from '../../client/index.ts'
import type { Scanner } from '../../scan/index.ts'
import type { RestListener } from '../../services/rest/index.ts'
import type { UseCases } from '../../usecases/index.ts'
import { EXIT } from '../commands.ts'
import type { Context, Run } from '../commands.ts'
import { defaultDataDirectory, nativeSocket } from '../data.ts'
import { detailOf } from '../errors.ts'
import type { Settings } from '../options.ts'
import { plannedHttp, startHttp } from '../http.ts'
import { startListeners } from '../listeners.ts'
import type { Listening, Scanners } from '../listeners.ts'
import { recording } from '../recording.ts'
import { keepYoungSmall } from '../heap.ts'
import { startScanner } from '../scanner.ts'
import { onStopSignal } from '../signals.ts'
import { startUseCases, type StartedUseCases } from '../use-cases.ts'

/** `lazaret serve`. */
export const serve: Run = async context => {
  const { settings, stderr, stdout } = context
  const log = (line: string): void => void stderr.write(`${new Date().toISOString()} ${line}\n`)
  const { promise: stopped, resolve: stop } = Promise.withResolvers<string>()
  onStopSignal(stop)
  // Asked for before there is a database in use, a reload has nothing to do.
  let reload = (): void => {}
  process.on('SIGHUP', () => reload())
  keepYoungSmall()
  const scanner = await startScanner({ settings, log })
  let listening: Listening
  let server: StartedUseCases | undefined
  let http: RestListener | undefined
  try {
    server = await startUseCases(settings, scanner, log, plannedHttp(settings))
    http = await startHttp(settings, server, log)
    listening = await startListeners(settings, scannersFor(settings, scanner, server.useCases), { log, stop })
  } catch (error) {
    await http?.close()
    await server?.close()
    await scanner.close()
    throw error
  }
  reload = () => void reloadOnSignal(scanner, log)
  stdout.write(await welcome(context, scanner, listening.addresses, { http: http?.address, claim: server.claim }))
  const reason = await stopped
  log(`server: ${reason}; finishing what is running`)
  await Promise.all([listening.close(), http?.close()])
  await server.close()
  await scanner.close()
  log('server: stopped')
  return EXIT.clean
}

/** The scanner of each listener: by way of the ledger where its scans are to be recorded. */
const scannersFor = ({ record }: Settings, scanner: Scanner, useCases: UseCases): Scanners => ({
  native: record.includes('native') ? recording(scanner, useCases, 'native') : scanner,
  clamd: record.includes('clamd') ? recording(scanner, useCases, 'clamd') : scanner,
})

async function reloadOnSignal(scanner: Scanner, log: (line: string) => void): Promise<void> {
  try {
    const { changed, signatures, elapsedMs } = await scanner.reload()
    const seconds = (elapsedMs / 1000).toFixed(1)
    log(`database: ${changed ? 'reloaded' : 'unchanged'}, ${signatures} signatures, ${seconds} s`)
  } catch (error) {
    log(`database: not reloaded, the old one stays in use: ${detailOf(error)}`)
  }
}

/** What is printed once the server can be asked. */
async function welcome(
  { settings }: Context,
  scanner: Scanner,
  addresses: readonly string[],
  { http, claim }: { readonly http: string | undefined; readonly claim: string | undefined },
): Promise<string> {
  const { signatures, threads } = await scanner.status()
  const lines = [
    `Lazaret ${VERSION} is ready: ${signatures} signatures, ${threads.max} threads`,
    ...addresses.map(address => `  listening on ${address}`),
    ...(http === undefined ? [] : [`  REST on ${http}/api/v1, described on ${http}/api/v1/docs`]),
    ...(claim === undefined
      ? []
      : [`  no account yet: the first administrator is made with POST /api/v1/setup and the token ${claim}`]),
    `Scan a folder with:\n  ${programName()} scan ${waysTo(settings, addresses)}.`,
  ]
  if (settings.db.length === 0) {
    lines.push(
      'This is the starter database: it finds the EICAR test file and nothing else. Give real signatures with --db PATH.',
    )
  }
  return `${lines.join('\n')}\n`
}

/** The options with which a scan finds this server. */
function waysTo(settings: Settings, addresses: readonly string[]): string {
  const ownSocket = `unix:${nativeSocket(settings.data)}`
  if (addresses.includes(ownSocket)) {
    return settings.data === defaultDataDirectory() ? '' : `--data ${quoted(settings.data)} `
  }
  const token = settings.tokenFile === undefined ? '' : `--token-file ${quoted(settings.tokenFile)} `
  return `--server ${quoted(addresses[0])} ${addresses[0].startsWith('unix:') ? '' : token}`
}

/** How this program is started by hand from here: by its name where the PATH finds it, else by its launcher. */
function programName(): string {
  const launcher = realpathOf(fileURLToPath(new URL('../bin/lazaret.js', import.meta.url)))
  if (launcher === undefined) return 'lazaret'
  const onPath = (process.env.PATH ?? '').split(delimiter).map(directory => realpathOf(join(directory, 'lazaret')))
  return onPath.includes(launcher) ? 'lazaret' : `node ${quoted(relative(process.cwd(), launcher))}`
}

function realpathOf(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch {
    return undefined
  }
}

const quoted = (text: string): string => (/^[\w./@:+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`)
