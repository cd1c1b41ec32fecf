import { randomBytes } from 'node:crypto'
import { link, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { makePrivateFolder, O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY, writePrivateFile } from '../durable.ts'
import { KEY_BYTES, type MasterKey } from './format.ts'

// The master keys, in a file of their own (0600): who copies the contents without it has nothing. Old keys stay in it,
// because backups of contents need them, until somebody drops them.
//
//   {"version": 1, "current": "<id>", "rewrap": true, "keys": [{"id": "<id>", "createdAt": "…", "secret": "<base64>"}]}

interface KeyEntry {
  readonly id: string
  readonly createdAt: string
  readonly secret: string
}
interface KeyFile {
  readonly version: 1
  readonly current: string
  /** True from a rotation until every content is sealed by the new key. */
  readonly rewrap: boolean
  readonly keys: readonly KeyEntry[]
}

/** Another process may have rotated: the file is looked at again after this time. */
const STALE_MS = 1000
/** A change of the file takes milliseconds; who holds the lock for longer has died. */
const LOCK_STALE_MS = 30_000
const LOCK_TRIES = 200
const LOCK_RETRY_MS = 50

export interface KeyRing {
  /** The key for new contents; looks whether another process has rotated. */
  current(): Promise<MasterKey>
  /** Reads the file again where it does not know the id. */
  find(id: string): Promise<MasterKey | undefined>
  /** What was read last. */
  known(id: string): MasterKey | undefined
  ids(): Promise<readonly string[]>
  needsRewrap(): Promise<boolean>
  /** Makes a new current key, which is on the disk when this resolves. */
  rotate(): Promise<MasterKey>
  rewrapped(current: string): Promise<void>
  /** Forgets keys; never the current one. */
  drop(ids: readonly string[]): Promise<void>
}

/**
 * Opens the key file, or makes it with one key.
 * @param mayMake - false: it must be there, because there are contents already
 * @throws Error that says what is wrong with it
 */
export async function openKeyRing(path: string, { mayMake }: { readonly mayMake: boolean }): Promise<KeyRing> {
  const ring = new FileKeyRing(path)
  await ring.start(mayMake)
  return ring
}

class FileKeyRing implements KeyRing {
  readonly #path: string
  #content: KeyFile | undefined
  #keys = new Map<string, MasterKey>()
  #stamp = ''
  #lookedAtMs = 0

  constructor(path: string) {
    this.#path = path
  }

  async start(mayMake: boolean): Promise<void> {
    if (await exists(this.#path)) return this.#load()
    if (!mayMake) throw new Error(`the vault has contents, but its key file ${this.#path} is not there: put it back`)
    await makePrivateFolder(dirname(this.#path))
    await this.#change(async () => {
      // Another process may have been faster.
      if (await exists(this.#path)) return undefined
      const key = newEntry()
      return { version: 1, current: key.id, rewrap: false, keys: [key] }
    })
  }

  async current(): Promise<MasterKey> {
    await this.#refresh(STALE_MS)
    return this.#current()
  }

  #current(): MasterKey {
    return this.#keys.get(this.#file().current) as MasterKey
  }

  async find(id: string): Promise<MasterKey | undefined> {
    const known = this.#keys.get(id)
    if (known !== undefined) return known
    await this.#refresh(0)
    return this.#keys.get(id)
  }

  known(id: string): MasterKey | undefined {
    return this.#keys.get(id)
  }

  async ids(): Promise<readonly string[]> {
    await this.#refresh(0)
    return this.#file().keys.map(({ id }) => id)
  }

  async needsRewrap(): Promise<boolean> {
    await this.#refresh(0)
    return this.#file().rewrap
  }

  async rotate(): Promise<MasterKey> {
    const key = newEntry()
    await this.#change(file => ({ ...file, current: key.id, rewrap: true, keys: [...file.keys, key] }))
    return this.#keys.get(key.id) as MasterKey
  }

  async rewrapped(current: string): Promise<void> {
    await this.#change(file => (file.current === current ? { ...file, rewrap: false } : undefined))
  }

  async drop(ids: readonly string[]): Promise<void> {
    await this.#change(file => ({
      ...file,
      keys: file.keys.filter(({ id }) => id === file.current || !ids.includes(id)),
    }))
  }

  #file(): KeyFile {
    return this.#content as KeyFile
  }

  async #refresh(staleMs: number): Promise<void> {
    if (Date.now() - this.#lookedAtMs < staleMs) return
    this.#lookedAtMs = Date.now()
    if ((await stampOf(this.#path)) !== this.#stamp) await this.#load()
  }

  async #load(): Promise<void> {
    const stamp = await stampOf(this.#path)
    const file = parse(await readFile(this.#path, 'utf8'), this.#path)
    this.#content = file
    this.#keys = new Map(file.keys.map(({ id, secret }) => [id, { id, secret: Buffer.from(secret, 'base64') }]))
    this.#stamp = stamp
    this.#lookedAtMs = Date.now()
  }

  /** Two processes never overwrite each other's key: whoever changes the file holds a lock beside it. */
  async #change(next: (file: KeyFile) => KeyFile | undefined | Promise<KeyFile | undefined>): Promise<void> {
    const unlock = await lock(`${this.#path}.lock`)
    try {
      if (await exists(this.#path)) await this.#load()
      const file = await next(this.#file())
      if (file !== undefined) await writePrivateFile(this.#path, `${JSON.stringify(file, undefined, 2)}\n`)
      await this.#load()
    } finally {
      await unlock()
    }
  }
}

const newEntry = (): KeyEntry => ({
  id: randomBytes(8).toString('hex'),
  createdAt: new Date().toISOString(),
  secret: randomBytes(KEY_BYTES).toString('base64'),
})

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false
      throw error
    },
  )

/** Changes with every rename of a new file over the old one. */
async function stampOf(path: string): Promise<string> {
  const { ino, mtimeMs, size, mode } = await stat(path)
  if ((mode & 0o077) !== 0) throw new Error(`the key file ${path} can be read by others: make it 0600`)
  return `${ino} ${mtimeMs} ${size}`
}

function parse(text: string, path: string): KeyFile {
  let file: KeyFile
  try {
    file = JSON.parse(text) as KeyFile
  } catch {
    throw new Error(`the key file ${path} is damaged: put it back from its backup`)
  }
  const isWhole =
    file.version === 1 &&
    Array.isArray(file.keys) &&
    file.keys.every(
      ({ id, secret }) => /^[0-9a-f]{16}$/.test(id) && Buffer.from(secret, 'base64').length === KEY_BYTES,
    ) &&
    file.keys.some(({ id }) => id === file.current)
  if (!isWhole) throw new Error(`the key file ${path} is damaged or of a newer version`)
  return file
}

async function lock(path: string): Promise<() => Promise<void>> {
  const own = `${hostname()} ${process.pid} ${randomBytes(6).toString('hex')}`
  for (let attempt = 0; attempt < LOCK_TRIES; attempt++) {
    try {
      const handle = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600)
      await handle.writeFile(own)
      await handle.close()
      return () => rm(path, { force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    await breakDeadLock(path)
    await new Promise(resolve => setTimeout(resolve, LOCK_RETRY_MS))
  }
  throw new Error(`the key file is locked: ${path} is held by another process`)
}

/** The lock of a process that was killed goes; it is moved away first, so that the lock of whoever was faster is seen. */
async function breakDeadLock(path: string): Promise<void> {
  if (!(await isDead(path))) return
  const aside = `${path}.${randomBytes(6).toString('hex')}`
  await rename(path, aside).catch(() => {})
  if ((await exists(aside)) && !(await isDead(aside))) await link(aside, path).catch(() => {})
  await rm(aside, { force: true })
}

async function isDead(path: string): Promise<boolean> {
  try {
    const [host, pid] = (await readFile(path, 'utf8')).split(' ', 2)
    const { mtimeMs } = await stat(path)
    if (Date.now() - mtimeMs > LOCK_STALE_MS) return true
    if (host !== hostname() || !/^\d+$/.test(pid ?? '')) return false
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH'
  }
}
