// Where things lie: the data directory of the user, and the files that come with the package.

import { existsSync } from 'node:fs'
import { mkdir, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { CliError, detailOf } from './errors.ts'

/** `/var/lib/lazaret` for root, otherwise below the home of the user. */
export function defaultDataDirectory(): string {
  if (process.getuid?.() === 0) return '/var/lib/lazaret'
  return join(homedir(), '.local', 'share', 'lazaret')
}

/** Makes the data directory where it is missing, open to its owner only. */
export async function prepareDataDirectory(path: string): Promise<void> {
  try {
    await makeFolder(path)
  } catch (error) {
    throw new CliError('data-unusable', { what: path, detail: detailOf(error) }, { cause: error })
  }
}

/** As mkdir with `recursive`, which never returns where a file system has folders but takes none, such as /proc. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return
    if (code !== 'ENOENT' || existsSync(dirname(path))) throw error
    await makeFolder(dirname(path))
    await mkdir(path, { mode: 0o700 })
  }
}

/** Where Node keeps compiled code of this program. */
export const codeCache = (dataDirectory: string): string => join(dataDirectory, 'cache', 'code')

/** The socket on which a server with this data directory listens. */
export const nativeSocket = (dataDirectory: string): string => join(dataDirectory, 'native.sock')

/** The starter database of the package, from a bundle in dist/ and from the sources alike. */
export function starterDatabase(): string {
  for (let directory = import.meta.dirname; dirname(directory) !== directory; directory = dirname(directory)) {
    const path = join(directory, 'data', 'starter')
    if (existsSync(path)) return path
  }
  throw new CliError('package-incomplete', { what: 'data/starter' })
}
