import { readFileSync } from 'node:fs'
import { createSummary, createWriter, FORMATS, isFinding, visible } from '../report/index.ts'
import type { ReportFormat, ReportWriter, Summary } from '../report/index.ts'
import type { OpenOptions } from '../protocol/index.ts'
import { connect } from './client.ts'
import type { ConnectOptions, LazaretClient } from './client.ts'
import { defaultServer } from './default-server.ts'
import { ClientError } from './errors.ts'
import { helpText, readSettings } from './options.ts'
import type { Settings } from './options.ts'
import { complain, createOutput, isTerminal } from './output.ts'
import { createProgress } from './progress.ts'
import { scanPaths } from './run.ts'
import { VERSION } from './version.ts'

// The compact client: everything it needs is in this bundle and Node.

const EXIT_CLEAN = 0
const EXIT_FOUND = 1
const EXIT_ERROR = 2
const MAX_PEM_BYTES = 1024 * 1024

const stdout = createOutput(1)

const isFormat = (text: string): text is ReportFormat => (FORMATS as readonly string[]).includes(text)

const readText = (option: string, path: string): string => {
  try {
    const bytes = readFileSync(path)
    if (bytes.length > MAX_PEM_BYTES) throw new Error('the file is too large to be what it should be')
    return bytes.toString('utf8')
  } catch (error) {
    throw new ClientError('bad-usage', `Cannot read --${option} ${path}: ${(error as Error).message}`)
  }
}

const connectOptions = (settings: Settings): ConnectOptions => {
  const { tokenFile, ca, cert, key } = settings
  const tls = {
    ...(ca === undefined ? {} : { ca: readText('ca', ca) }),
    ...(cert === undefined ? {} : { cert: readText('cert', cert) }),
    ...(key === undefined ? {} : { key: readText('key', key) }),
  }
  const token = tokenFile === undefined ? undefined : readText('token-file', tokenFile).trim()
  return { tls, software: `lazaret-client/${VERSION}`, ...(token === undefined ? {} : { token }) }
}

const scanOptions = ({ allMatches, maxTimeMs }: Settings): OpenOptions =>
  maxTimeMs === undefined ? { allMatches } : { allMatches, maxTimeMs }

const exitCode = (summary: Summary, found: boolean): number => {
  if (found) return EXIT_FOUND
  return summary.errors > 0 || summary.unscannable > 0 ? EXIT_ERROR : EXIT_CLEAN
}

const scan = async (client: LazaretClient, settings: Settings, writer: ReportWriter): Promise<number> => {
  const startedAtMs = performance.now()
  const summary = createSummary()
  const progress = createProgress((await isTerminal(2)) ? process.stderr : undefined)
  let found = false
  const stdin = (): AsyncIterable<Uint8Array> => process.stdin
  await stdout.write(writer.begin())
  await scanPaths(
    client,
    { paths: settings.paths, scan: scanOptions(settings), jobs: settings.jobs, stdin },
    {
      report: async report => {
        summary.report(report)
        found ||= isFinding(report.verdict)
        progress.clear()
        await stdout.write(writer.report(report))
        progress.step(report.name, report.artifacts[0].size)
      },
      error: async error => {
        summary.error()
        progress.clear()
        await stdout.write(writer.error(error))
        progress.step(error.name, 0)
      },
    },
  )
  progress.clear()
  const sums = summary.summary(Math.round(performance.now() - startedAtMs))
  await stdout.write(writer.end(sums))
  return exitCode(sums, found)
}

const showVersions = async (client: LazaretClient): Promise<number> => {
  const { software, database, signatures } = await client.request('version')
  const server = `${String(software)}, ${String(signatures)} signatures, database ${String(database)}`
  await stdout.write(`lazaret-client ${VERSION}\n${client.server}: ${visible(server)}\n`)
  return EXIT_CLEAN
}

const run = async (argv: readonly string[]): Promise<number> => {
  const settings = readSettings(argv, process.env)
  const { format } = settings
  if (settings.help) {
    await stdout.write(helpText(FORMATS, defaultServer()))
    return EXIT_CLEAN
  }
  if (!isFormat(format)) {
    throw new ClientError('bad-usage', `--format is ${format}; it must be one of ${FORMATS.join(', ')}`)
  }
  if (settings.paths.length === 0 && !settings.version) {
    throw new ClientError('bad-usage', 'Nothing to scan: name files or folders; see lazaret-client --help')
  }
  const client = await connect(settings.server ?? defaultServer(), connectOptions(settings))
  try {
    if (settings.version) return await showVersions(client)
    const colour = process.env['NO_COLOR'] === undefined && (await isTerminal(1))
    return await scan(client, settings, createWriter(format, { colour }))
  } finally {
    client.close()
  }
}

const fail = (error: unknown): number => {
  // A reader that has gone, as in `lazaret-client … | head`, is no fault worth a message.
  if ((error as NodeJS.ErrnoException).code === 'EPIPE') return EXIT_ERROR
  const message = error instanceof Error ? error.message : String(error)
  complain(`lazaret-client: ${visible(message)}\n`)
  return EXIT_ERROR
}

const main = async (argv: readonly string[]): Promise<number> => {
  let code: number
  try {
    code = await run(argv)
  } catch (error) {
    code = fail(error)
  }
  await stdout.flush()
  return code
}

// Everything is written by then; what is left of the connection need not be waited for.
process.exit(await main(process.argv.slice(2)).catch(fail))
