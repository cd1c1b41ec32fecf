import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { stopChild, until } from './run.ts'

/** A running scan server that speaks clamd's protocol on a Unix socket. */
export interface ScanServer {
  readonly name: 'clamd' | 'lazaret'
  readonly clamd: string
  /** Lazaret only. */
  readonly native?: string
  /** Loopback port of the clamd dialect, where one was asked for. */
  readonly port?: number
  readonly pid: number
  readonly child: ChildProcess
  /** Time from start to the first answer. */
  readonly readyMs: number
  log(): string
  stop(): Promise<void>
}

export interface ServerOptions {
  /** Scratch folder for sockets, configuration and log; emptied. */
  readonly folder: string
  /** Folder of signature databases. */
  readonly database: string
  /** Scanning threads. */
  readonly threads: number
  /** Also listen for clamd's protocol on this loopback port. */
  readonly port?: number
  /** clamd: lines added to its configuration. */
  readonly clamdLines?: readonly string[]
  /** Lazaret: options added to its command line. */
  readonly lazaretOptions?: readonly string[]
}

const REPOSITORY = join(import.meta.dirname, '..', '..')
/** The built server, a single file. */
export const LAZARET = join(process.env.LAZARET_DIST ?? join(REPOSITORY, 'dist'), 'lazaret.js')
/** The built client, a single file. */
export const LAZARET_CLIENT = join(process.env.LAZARET_DIST ?? join(REPOSITORY, 'dist'), 'lazaret-client.js')

const START_TIMEOUT_MS = 300_000

/** Configuration of clamd with which it does not close a session as idle while its own scans take long. */
export const PATIENT = ['CommandReadTimeout 3600', 'ReadTimeout 3600', 'IdleTimeout 3600'] as const

/** Starts Debian's clamd in the foreground with a configuration of its own; nothing listens beyond loopback. */
export function startClamd(options: ServerOptions): Promise<ScanServer> {
  const { folder } = options
  prepare(folder)
  const socket = join(folder, 'clamd.sock')
  const configuration = join(folder, 'clamd.conf')
  const lines = [
    `LocalSocket ${socket}`,
    `DatabaseDirectory ${options.database}`,
    `MaxThreads ${options.threads}`,
    'Foreground yes',
    'FixStaleSocket yes',
    'SelfCheck 0',
    'MaxQueue 400',
    'StreamMaxLength 100M',
    'OfficialDatabaseOnly no',
    ...(options.port === undefined ? [] : ['TCPAddr 127.0.0.1', `TCPSocket ${options.port}`]),
    ...(options.clamdLines ?? []),
  ]
  writeFileSync(configuration, `${lines.join('\n')}\n`)
  return start('clamd', 'clamd', [`--config-file=${configuration}`], folder, options.port)
}

/** Starts the built Lazaret server with both protocols on Unix sockets. */
export function startLazaret(options: ServerOptions): Promise<ScanServer> {
  const { folder } = options
  prepare(folder)
  const arguments_ = [
    LAZARET,
    'serve',
    '--data',
    join(folder, 'data'),
    '--db',
    options.database,
    '--workers',
    String(options.threads),
    '--native',
    `unix:${join(folder, 'native.sock')}`,
    '--clamd',
    `unix:${join(folder, 'clamd.sock')}`,
    ...(options.port === undefined ? [] : ['--clamd', `tcp:127.0.0.1:${options.port}`]),
    ...(options.lazaretOptions ?? []),
  ]
  return start('lazaret', process.execPath, arguments_, folder, options.port)
}

function prepare(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
}

async function start(
  name: ScanServer['name'],
  program: string,
  options: readonly string[],
  folder: string,
  port: number | undefined,
): Promise<ScanServer> {
  const logPath = join(folder, 'log')
  const log = openSync(logPath, 'a')
  const startedAt = performance.now()
  const child = spawn(program, options, { stdio: ['ignore', log, log], cwd: folder })
  closeSync(log)
  const killAtExit = () => child.kill('SIGTERM')
  process.once('exit', killAtExit)
  child.once('exit', () => process.off('exit', killAtExit))
  const clamd = join(folder, 'clamd.sock')
  const readLog = () => readFileSync(logPath, 'utf8')
  await until(`${name} answers PING`, START_TIMEOUT_MS, async () => {
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}:\n${readLog().slice(-2000)}`)
    return (await ask(clamd, 'zPING\0').catch(() => '')) === 'PONG\0'
  })
  return {
    name,
    clamd,
    ...(name === 'lazaret' ? { native: join(folder, 'native.sock') } : {}),
    ...(port === undefined ? {} : { port }),
    pid: child.pid ?? -1,
    child,
    readyMs: performance.now() - startedAt,
    log: readLog,
    stop: () => stopChild(child),
  }
}

/** Sends one request to a socket (a path or a loopback port) and returns everything until the server closes. */
export function ask(address: string | number, request: Uint8Array | string, timeoutMs = 60_000): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = typeof address === 'string' ? connect(address) : connect(address, '127.0.0.1')
    const parts: Buffer[] = []
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)))
    socket.on('connect', () => socket.write(request))
    socket.on('data', part => parts.push(part))
    socket.on('error', reject)
    socket.on('close', () => resolve(Buffer.concat(parts).toString('latin1')))
  })
}
