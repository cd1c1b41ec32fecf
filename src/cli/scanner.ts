// The engine behind `serve` and behind a scan without a server: database found or built, engine started, and started
// again from a fresh build where the cached image turned out to be damaged.

import { availableParallelism } from 'node:os'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createLocalScanner, ENGINE_PATH, EngineSupervisor, resolveDatabase, RUNTIME_LIMITS } from '../runtime/index.ts'
import type { PreparedImage, ResolvedDatabase, RuntimeLimits, SupervisorOptions } from '../runtime/index.ts'
import type { Scanner } from '../scan/index.ts'
import { TREE_LIMITS } from '../scan/limits.ts'
import { prepareDataDirectory, starterDatabase } from './data.ts'
import { CliError } from './errors.ts'
import type { Settings } from './options.ts'

const SPOOL_PREFIX = 'spool-'

export interface ScannerOptions {
  readonly settings: Settings
  /** One line for the log. */
  readonly log: (line: string) => void
}

/**
 * Starts the engine with the database of the settings.
 * @throws DatabaseError, CliError `engine-failed`, `data-unusable`
 */
export async function startScanner(options: ScannerOptions): Promise<Scanner & { image(): string }> {
  const { settings, log } = options
  await prepareDataDirectory(settings.data)
  const spoolFolder = await prepareSpool(settings.data)
  const database = new Database(options)
  const supervisorOptions: SupervisorOptions = {
    enginePath: ENGINE_PATH,
    threads: settings.workers ?? availableParallelism(),
    limits: limitsOf(settings),
    spoolFolder,
    prepareImage: () => database.prepare(),
    log,
  }
  const supervisor = await database.orRebuilt(() => EngineSupervisor.start(supervisorOptions))
  return {
    image: () => database.image,
    scan: job => supervisor.scan(job),
    status: () => supervisor.status(),
    reload: () => database.orRebuilt(() => supervisor.reload()),
    async close() {
      await supervisor.close()
      await rm(spoolFolder, { recursive: true, force: true })
    },
  }
}

/**
 * Makes a scanner in this process for one run: the first verdict waits for no other process.
 * @throws DatabaseError, CliError `engine-failed`, `data-unusable`
 */
export async function startLocalScanner(options: ScannerOptions): Promise<Scanner> {
  const { settings } = options
  await prepareDataDirectory(settings.data)
  const spoolFolder = await prepareSpool(settings.data)
  const database = new Database(options)
  return database.orRebuilt(async () => {
    const { path: imagePath } = await database.prepare()
    const threads = settings.workers ?? availableParallelism()
    return createLocalScanner({ imagePath, threads, limits: limitsOf(settings), spoolFolder })
  })
}

/** The database of the settings, brought up to date whenever an engine is to load it. */
class Database {
  readonly #options: ScannerOptions
  #resolved: ResolvedDatabase | undefined
  #rebuild = false

  constructor(options: ScannerOptions) {
    this.#options = options
  }

  /** The image that was prepared last. */
  get image(): string {
    return this.#resolved?.imagePath ?? ''
  }

  async prepare(): Promise<PreparedImage> {
    const { settings, log } = this.#options
    const rebuild = this.#rebuild
    this.#rebuild = false
    this.#resolved = undefined
    this.#resolved = await resolveDatabase({
      paths: settings.db.length > 0 ? settings.db : [starterDatabase()],
      cacheDirectory: join(settings.data, 'cache'),
      unwanted: settings.unwanted,
      rebuild,
    })
    const { built, imagePath, skipped } = this.#resolved
    if (built !== undefined) {
      const seconds = (built.elapsedMs / 1000).toFixed(1)
      log(`database: built ${built.meta.signatures} signatures in ${seconds} s, ${skipped} lines left out`)
    }
    return { path: imagePath, skipped }
  }

  /** Does what loads the image; where that fails with an image from the cache, once more with one built anew. */
  async orRebuilt<T>(load: () => Promise<T>): Promise<T> {
    try {
      return await load()
    } catch (error) {
      const cached = this.#resolved !== undefined && this.#resolved.rebuildable && this.#resolved.built === undefined
      if (!cached) throw this.#loadError(error)
      this.#options.log(`database: the cached image cannot be used, building it anew: ${(error as Error).message}`)
      this.#rebuild = true
    }
    return load().catch((error: unknown) => {
      throw this.#loadError(error)
    })
  }

  #loadError(error: unknown): unknown {
    const path = this.#resolved?.imagePath
    if (path === undefined || error instanceof CliError || !(error instanceof Error)) return error
    return new CliError('engine-failed', { what: path, detail: error.message }, { cause: error })
  }
}

const limitsOf = (settings: Settings): RuntimeLimits => ({
  ...RUNTIME_LIMITS,
  maxQueue: settings.maxQueue,
  maxTimeMs: settings.maxTime * 1000,
  maxFileSizeBytes: settings.maxFileSize,
  tree: {
    ...TREE_LIMITS,
    maxDepth: settings.maxDepth,
    maxArtifacts: settings.maxMembers,
    maxOutputBytes: settings.maxUnpacked,
    maxExpansion: settings.maxExpansion,
    alerts: settings.alert,
  },
  spoolMemoryBytes: settings.spoolMemory,
  spoolFileBytes: settings.spoolFiles,
})

/** A folder for long streams, for this process alone; those of processes that were killed are removed. */
async function prepareSpool(data: string): Promise<string> {
  for (const name of await readdir(data)) {
    const pid = name.startsWith(SPOOL_PREFIX) ? Number(name.slice(SPOOL_PREFIX.length)) : Number.NaN
    if (Number.isSafeInteger(pid) && !isAlive(pid)) await rm(join(data, name), { recursive: true, force: true })
  }
  return join(data, `${SPOOL_PREFIX}${process.pid}`)
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
