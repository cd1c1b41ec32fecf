// Who scans: a server that is running, one that was named, or this process.

import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { ClientError, connect, fileContent, VERSION } from '../client/index.ts'
import type { ClientTls, LazaretClient, ScanContent } from '../client/index.ts'
import type { ContentSource } from '../scan/index.ts'
import { nativeSocket } from './data.ts'
import { CliError, conflict, detailOf } from './errors.ts'
import { flagOf } from './options.ts'
import type { OptionName, Settings } from './options.ts'
import type { Backend } from './scan-run.ts'
import type { Given } from './settings.ts'

/** Options that only the engine in this process can obey. */
const LOCAL_ONLY = ['db', 'unwanted', 'workers'] as const

/** Finds out who is to scan, and connects or starts it. */
export async function chooseBackend(settings: Settings, given: Given): Promise<Backend> {
  const own = LOCAL_ONLY.find(name => given.get(name) === 'flag')
  if (settings.server !== undefined) {
    if (own !== undefined) throw conflict('server', own)
    return remoteBackend(await connectTo(settings, settings.server))
  }
  const running = settings.local || own !== undefined ? undefined : await findServer(settings)
  if (running !== undefined) return remoteBackend(running)
  const { startLocal } = await import('./local.ts')
  return startLocal(settings)
}

/** The server that listens in the data directory; undefined where none answers. */
async function findServer(settings: Settings): Promise<LazaretClient | undefined> {
  const path = nativeSocket(settings.data)
  if (!existsSync(path)) return undefined
  try {
    return await connect(`unix:${path}`, await credentials(settings))
  } catch (error) {
    // Left behind by a server that was killed, or not for this user: scanning here answers as well.
    if (error instanceof ClientError && error.code === 'connect-failed') return undefined
    throw serverError(`unix:${path}`, error)
  }
}

/**
 * Connects to a server.
 * @throws CliError `no-server`, `server-refused`
 */
export async function connectTo(settings: Settings, server: string): Promise<LazaretClient> {
  const options = await credentials(settings)
  try {
    return await connect(server, options)
  } catch (error) {
    throw serverError(server, error)
  }
}

/** The server that was named, or the one in the data directory. */
export const connectAsAdmin = (settings: Settings): Promise<LazaretClient> =>
  connectTo(settings, settings.server ?? `unix:${nativeSocket(settings.data)}`)

/** A refusal of the client library in the words of the command line. */
export function serverError(what: string, error: unknown): CliError {
  const gone = error instanceof ClientError && (error.code === 'connect-failed' || error.code === 'connection-lost')
  return new CliError(gone ? 'no-server' : 'server-refused', { what, detail: detailOf(error) }, { cause: error })
}

async function credentials(settings: Settings): Promise<{ software: string; token?: string; tls?: ClientTls }> {
  const token = await readToken(settings)
  const { ca, cert, key } = settings
  const tls: ClientTls = {
    ...(ca === undefined ? {} : { ca: await readText('ca', ca) }),
    ...(cert === undefined ? {} : { cert: await readText('cert', cert) }),
    ...(key === undefined ? {} : { key: await readText('key', key) }),
  }
  return { software: `lazaret/${VERSION}`, tls, ...(token === undefined ? {} : { token }) }
}

/** The token from its option, or from its file. */
export async function readToken(settings: Settings): Promise<string | undefined> {
  if (settings.token !== undefined && settings.tokenFile !== undefined) throw conflict('token', 'tokenFile')
  return settings.tokenFile === undefined ? settings.token : readSecret('tokenFile', settings.tokenFile)
}

/** The first line of a file with a secret. */
export async function readSecret(option: OptionName, path: string): Promise<string> {
  const [line] = (await readText(option, path)).split(/\r?\n/, 1)
  if (line !== '') return line
  throw new CliError('file-unreadable', { what: flagOf(option), detail: `${path} begins with an empty line` })
}

/** The text of a file that an option names. */
export async function readText(option: OptionName, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (error) {
    throw new CliError('file-unreadable', { what: flagOf(option), detail: detailOf(error) }, { cause: error })
  }
}

/** A server as a scanner: content by its path is opened here, the server never sees more of it than its name. */
function remoteBackend(client: LazaretClient): Backend {
  return {
    async scan({ name, content, options, signal, onEvent }) {
      const request = await requestOf(content)
      return client.scan({
        name,
        options,
        ...request,
        ...(signal === undefined ? {} : { signal }),
        ...(onEvent === undefined ? {} : { onEvent }),
      })
    },
    close() {
      client.close()
      return Promise.resolve()
    },
  }
}

async function requestOf(content: ContentSource): Promise<{ content: ScanContent; sizeHint?: number }> {
  if ('bytes' in content) return { content: content.bytes }
  if ('path' in content) {
    const { content: bytes, size } = await fileContent(content.path, true)
    return { content: bytes, sizeHint: size }
  }
  let asked = false
  const once = (): AsyncIterable<Uint8Array> => {
    if (asked) throw new ClientError('connection-lost', 'A stream cannot be sent a second time; scan it again')
    asked = true
    return content.stream
  }
  return { content: once }
}
