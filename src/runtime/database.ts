// From what was given as database to an image that an engine can load: sources are built at first use, and the image
// is kept under the hash of their content. DATA/cache holds
//   <content hash>.lzdb    images
//   <stamp>.known          the content hash of files in exactly this state, so that a start need not read them

import { fork } from 'node:child_process'
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { BuildAnswer } from './build-main.ts'
import type { BuildOutcome, BuildRequest } from './database-build.ts'
import { readMeta } from './database-inspect.ts'
import { DatabaseError } from './database-error.ts'
import { contentHashOf, IMAGE_EXTENSION, locateDatabase, readHeader, stampOf } from './database-sources.ts'
import { siblingModule } from './modules.ts'
import { ENGINE_VERSION } from './unscannable.ts'

/** Images that stay in the cache, the ones used last; the others are removed after a build. */
const KEPT_IMAGES = 8
const KEPT_STAMPS = 64
/** Unfinished files of builders that died are removed after this. */
const STALE_MS = 24 * 3600 * 1000
/** Files that change while they are read are read again this often. */
const MAX_ATTEMPTS = 3
const HASH = /^[0-9a-f]{64}$/

export interface ResolveOptions {
  readonly paths: readonly string[]
  readonly cacheDirectory: string
  readonly unwanted: boolean
  /** Build even where an image is at hand: it turned out to be damaged. */
  readonly rebuild?: boolean
  readonly signal?: AbortSignal
}

export interface ResolvedDatabase {
  readonly imagePath: string
  /** What was built just now; absent where an image was at hand. */
  readonly built?: BuildOutcome
  /** The image can be made again from its sources. */
  readonly rebuildable: boolean
  /** Lines of the sources that were left out. */
  readonly skipped: number
}

/**
 * Finds or makes the image for a database. Building happens in a process of its own, so the caller stays responsive
 * and its memory small.
 * @throws DatabaseError
 */
export async function resolveDatabase(options: ResolveOptions): Promise<ResolvedDatabase> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const resolved = await resolveOnce(options)
    if (resolved !== undefined) return resolved
  }
  throw new DatabaseError('database-build-failed', options.paths.join(', '), 'its files change while they are read')
}

/** Undefined where the files changed meanwhile. */
async function resolveOnce(options: ResolveOptions): Promise<ResolvedDatabase | undefined> {
  const located = locateDatabase(options.paths)
  if (located.kind === 'image') return { imagePath: located.path, rebuildable: false, skipped: skippedIn(located.path) }
  const { files } = located
  const cache = options.cacheDirectory
  const settings = `lazaret ${ENGINE_VERSION} unwanted ${options.unwanted}`
  const stamp = stampOf(files, settings)
  await makeCache(cache)
  const known = await readKnown(cache, stamp)
  const hash = known ?? (await contentHashOf(files, settings))
  const imagePath = join(cache, `${hash}${IMAGE_EXTENSION}`)
  let built: BuildOutcome | undefined
  if (options.rebuild === true || !(await isUsable(imagePath))) {
    const output = join(cache, `${stamp}.${process.pid}.building`)
    built = await buildApart({ files, output, unwanted: options.unwanted }, options.signal)
    // What was read may be newer than what was hashed: then the image is not what its name would say.
    if (!isUnchanged(options.paths, settings, stamp)) return rm(output, { force: true }).then(() => undefined)
    await rename(output, imagePath)
    await cleanCache(cache)
  }
  if (known === undefined) await writeFile(join(cache, `${stamp}.known`), hash)
  const resolved = { imagePath, rebuildable: true, skipped: skippedIn(imagePath) }
  return built === undefined ? resolved : { ...resolved, built }
}

/** Lines that were left out when an image was built. */
const skippedIn = (imagePath: string): number =>
  Object.values(readMeta(imagePath).skipped).reduce((sum, count) => sum + count, 0)

function isUnchanged(paths: readonly string[], settings: string, stamp: string): boolean {
  const located = locateDatabase(paths)
  return located.kind === 'sources' && stampOf(located.files, settings) === stamp
}

async function makeCache(cache: string): Promise<void> {
  try {
    await mkdir(cache, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new DatabaseError('database-unwritable', cache, (error as Error).message, { cause: error })
  }
}

async function readKnown(cache: string, stamp: string): Promise<string | undefined> {
  const text = await readFile(join(cache, `${stamp}.known`), 'utf8').catch(() => '')
  return HASH.test(text) ? text : undefined
}

/**
 * Whether an image is there, of this version and as long as it says; then marks it as used just now. Its checksums are
 * the business of who loads it, and who finds them wrong asks for a rebuild.
 */
async function isUsable(path: string): Promise<boolean> {
  try {
    const { size, mtime } = await stat(path)
    await utimes(path, new Date(), mtime)
    return size === readHeader(path).fileBytes
  } catch {
    return false
  }
}

/** Lets a process of its own build. */
async function buildApart(request: BuildRequest, signal: AbortSignal | undefined): Promise<BuildOutcome> {
  const failed = (detail: string): DatabaseError => new DatabaseError('database-build-failed', request.output, detail)
  const module = siblingModule(import.meta.url, { source: 'build-main', bundle: 'build' })
  const child = fork(module, {
    serialization: 'advanced',
    execArgv: [],
    ...(signal === undefined ? {} : { signal }),
  })
  try {
    const answer = await new Promise<BuildAnswer>((resolve, reject) => {
      child.once('message', message => resolve(message as BuildAnswer))
      child.once('error', error => reject(failed(error.message)))
      child.once('exit', (code, killedBy) => reject(failed(`its builder ended with ${killedBy ?? `code ${code}`}`)))
      child.send(request)
    })
    if ('outcome' in answer) return answer.outcome
    throw new DatabaseError(answer.code, answer.path, answer.detail)
  } finally {
    child.kill()
  }
}

/** Keeps what was used last. Somebody else may clean at the same time: what is gone already is no failure. */
async function cleanCache(cache: string): Promise<void> {
  const entries = await Promise.all(
    (await readdir(cache)).map(async name => {
      const path = join(cache, name)
      const usedMs = await stat(path).then(
        ({ atimeMs }) => atimeMs,
        () => 0,
      )
      return { path, usedMs }
    }),
  )
  const newestFirst = entries.toSorted((a, b) => b.usedMs - a.usedMs)
  const ending = (extension: string) => newestFirst.filter(({ path }) => path.endsWith(extension))
  const unfinished = [...ending('.building'), ...ending('.tmp')]
  const surplus = [
    ...ending(IMAGE_EXTENSION).slice(KEPT_IMAGES),
    ...ending('.known').slice(KEPT_STAMPS),
    ...unfinished.filter(({ usedMs }) => Date.now() - usedMs > STALE_MS),
  ]
  await Promise.all(surplus.map(({ path }) => rm(path, { force: true })))
}
