import { constants } from 'node:fs'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { randomBytes } from 'node:crypto'

// Files that survive power loss: what is renamed or made counts when its folder has been synced.

export const { O_RDONLY, O_RDWR, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_DIRECTORY } = constants

/** Makes the entries of a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, O_RDONLY | O_DIRECTORY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Syncs of one folder that come together are one: whoever comes while one runs waits for the next. */
export function createFolderSyncer(): (path: string) => Promise<void> {
  const running = new Map<string, Promise<void>>()
  const waiting = new Map<string, Promise<void>>()
  const begin = (path: string): Promise<void> => {
    const sync = syncFolder(path).finally(() => running.delete(path))
    running.set(path, sync)
    return sync
  }
  return path => {
    const current = running.get(path)
    if (current === undefined) return begin(path)
    let next = waiting.get(path)
    if (next === undefined) {
      next = current
        .catch(() => {})
        .then(() => {
          waiting.delete(path)
          return begin(path)
        })
      waiting.set(path, next)
    }
    return next
  }
}

/** Makes a folder for its owner alone, with those above it; durable. */
export async function makePrivateFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 })
  if (first === undefined) return
  for (let at = path; ; at = dirname(at)) {
    await syncFolder(dirname(at))
    if (at === first || at === dirname(at)) return
  }
}

/** Replaces a small file of secrets: the old one or the new one, 0600. */
export async function writePrivateFile(path: string, content: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.part`
  const handle = await open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
  try {
    await handle.writeFile(content)
    await handle.sync()
    await handle.close()
    await rename(temporary, path)
  } catch (error) {
    await handle.close().catch(() => {})
    await rm(temporary, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}
