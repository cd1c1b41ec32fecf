import { randomBytes } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { makePrivateFolder, writePrivateFile } from './durable.ts'

const SECRET_BYTES = 32

/**
 * A secret of the server in a file of its own (0600); made where it is not there.
 * @throws Error where others can read it, or it is empty
 */
export async function readOrMakeSecret(path: string): Promise<string> {
  const known = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (known === undefined) {
    await makePrivateFolder(dirname(path))
    await writePrivateFile(path, `${randomBytes(SECRET_BYTES).toString('base64url')}\n`)
    return readOrMakeSecret(path)
  }
  if (((await stat(path)).mode & 0o077) !== 0) throw new Error(`${path} can be read by others: make it 0600`)
  const secret = known.trim()
  if (secret === '') throw new Error(`${path} is empty`)
  return secret
}
