import { Worker, isMainThread, workerData } from 'node:worker_threads'
import type { EngineParts, LoadedDatabase } from './engine-parts.ts'
import { createEngineUnpacker } from './engine-unpacker.ts'
import { serveLocally } from './local-thread.ts'
import { createSandboxLink, SandboxClient } from './sandbox/channel.ts'
import { SandboxPool } from './sandbox/pool.ts'
import { serveThread } from './thread-loop.ts'
import { FIRST_THREAD_FD } from './wire.ts'
import type { EngineArguments, FromEngine, ThreadArguments, ToEngine } from './wire.ts'

// The engine process: its main thread loads the database once, starts the scanning threads and answers pings. Crash-only:
// there is no orderly end, the supervisor kills it when nothing is in hand.

/** Heaps of a scanning thread in MiB: content and image lie outside of them, in shared memory and array buffers. */
const THREAD_HEAP = { maxOldGenerationSizeMb: 192, maxYoungGenerationSizeMb: 4, stackSizeMb: 2 }

const tell = (message: FromEngine): void => void process.send?.(message)

/** The main thread of an engine. @param workerUrl - the module that calls runEngineThread with the same parts */
export const runEngine = (parts: EngineParts, workerUrl: URL): void => {
  // Without its supervisor an engine has no purpose, and threads that block in a read cannot be ended any other way.
  process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'))
  // Terminals and service managers signal the whole group; the supervisor alone says when an engine ends, so that what
  // is in hand can be finished.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
  const args = JSON.parse(process.argv[2]) as EngineArguments
  let loaded: LoadedDatabase
  try {
    loaded = parts.load(args.imagePath, args.threads)
  } catch (error) {
    tell({ event: 'refused', message: (error as Error).message })
    return
  }
  // One to spare: a child that dies costs nobody a wait.
  const pool = new SandboxPool({ size: args.threads + 1, ahead: 1 })
  pool.ready.then(
    () => tell({ event: 'layers', layers: pool.layers(), message: '' }),
    (error: Error) => tell({ event: 'layers', layers: [], message: error.message }),
  )
  const workers: (Worker | undefined)[] = []
  const start = (index: number, resync?: Uint8Array): void => {
    const sandbox = createSandboxLink(pool)
    const data: ThreadArguments = {
      shared: loaded.shared,
      database: loaded.info,
      index,
      fd: FIRST_THREAD_FD + index,
      maxFileSizeBytes: args.maxFileSizeBytes,
      tree: args.tree,
      sandbox,
      ...(resync === undefined ? {} : { resync }),
    }
    const worker = new Worker(workerUrl, {
      workerData: data,
      transferList: [sandbox.port],
      resourceLimits: THREAD_HEAP,
    })
    workers[index] = worker
    let message = 'the thread ended'
    worker.on('error', error => (message = error instanceof Error ? error.message : String(error)))
    worker.on('exit', () => {
      if (workers[index] === worker) tell({ event: 'thread-ended', thread: index, message })
    })
  }
  const replace = async (index: number, mark: string): Promise<void> => {
    const old = workers[index]
    workers[index] = undefined
    await old?.terminate()
    start(index, Buffer.from(mark, 'hex'))
  }
  process.on('message', (message: ToEngine) => {
    if (message.verb === 'ping') tell({ event: 'pong', residentBytes: process.memoryUsage.rss() })
    else void replace(message.thread, message.mark)
  })
  for (let index = 0; index < args.threads; index++) start(index)
  tell({ event: 'ready', database: loaded.info })
}

/** A scanning thread; with a socket, returns when that has ended. */
export const runEngineThread = (parts: EngineParts): void => {
  if (isMainThread) throw new Error('this module is started by an engine, as a thread')
  const args = workerData as ThreadArguments
  const { fd, tree, sandbox, ...rest } = args
  const unpacker = createEngineUnpacker(new SandboxClient(sandbox))
  const bench = { ...rest, thread: parts.createThread(args.shared, args.index, { unpacker, tree }) }
  if (fd === undefined) serveLocally(bench)
  else serveThread({ ...bench, fd })
}
