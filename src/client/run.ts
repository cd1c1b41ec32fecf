import type { Report, ScanError } from '../report/index.ts'
import type { OpenOptions } from '../protocol/index.ts'
import type { LazaretClient } from './client.ts'
import type { ScanContent } from './connection.ts'
import { fileContent } from './content.ts'
import { ClientError } from './errors.ts'
import { walk } from './walk.ts'
import type { Found } from './walk.ts'

/** What is scanned and how. */
export interface RunOptions {
  /** Paths as the user named them; `-` is the standard input. */
  readonly paths: readonly string[]
  readonly scan: OpenOptions
  /** Files under way at once. */
  readonly jobs: number
  readonly stdin?: () => AsyncIterable<Uint8Array>
}

/** Who hears of a run; called in the order in which scans end. */
export interface RunListener {
  readonly report: (report: Report) => void | Promise<void>
  readonly error: (error: ScanError) => void | Promise<void>
}

/** Errors after which no other file would fare better. */
export const FATAL_CODES: ReadonlySet<string> = new Set([
  'connect-failed',
  'tls-failed',
  'auth-required',
  'auth-failed',
  'not-lazaret',
  'unsupported-version',
])

const toScan = async function* (paths: readonly string[]): AsyncGenerator<Found> {
  for (const path of paths) {
    if (path === '-') yield { name: '-', path: '-' }
    else yield* walk([path])
  }
}

const contentOf = async (found: Exclude<Found, { error: unknown }>, options: RunOptions) => {
  if (found.path === '-' && options.stdin !== undefined) {
    const { stdin } = options
    return { content: once(stdin) as ScanContent, size: undefined }
  }
  return fileContent(found.path, found.named === true)
}

/** The standard input cannot be read a second time. */
const once = (source: () => AsyncIterable<Uint8Array>): (() => AsyncIterable<Uint8Array>) => {
  let used = false
  return () => {
    if (used) throw new ClientError('connection-lost', 'The standard input cannot be sent a second time; run it again')
    used = true
    return source()
  }
}

const scanOne = async (client: LazaretClient, found: Found, options: RunOptions): Promise<Report> => {
  if ('error' in found) throw found.error
  const { content, size } = await contentOf(found, options)
  const request = { name: found.name, content, options: options.scan }
  return client.scan(size === undefined ? request : { ...request, sizeHint: size })
}

const toScanError = (name: string, error: unknown): ScanError => {
  if (error instanceof ClientError) return { name, code: error.code, message: error.message }
  return { name, code: 'internal', message: error instanceof Error ? error.message : String(error) }
}

/**
 * Scans everything at and below the paths, several files at a time.
 * @throws ClientError when no file can be scanned any more: no server, no authentication
 */
export const scanPaths = async (client: LazaretClient, options: RunOptions, listener: RunListener): Promise<void> => {
  const files = toScan(options.paths)
  const worker = async (): Promise<void> => {
    for (let next = await files.next(); next.done !== true; next = await files.next()) {
      const found = next.value
      try {
        await listener.report(await scanOne(client, found, options))
      } catch (error) {
        if (error instanceof ClientError && FATAL_CODES.has(error.code)) throw error
        await listener.error(toScanError(found.name, error))
      }
    }
  }
  try {
    await Promise.all(Array.from({ length: options.jobs }, worker))
  } finally {
    await files.return(undefined)
  }
}
