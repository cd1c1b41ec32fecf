import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { build } from 'esbuild'

// Servers that are killed at any moment while clients submit, and what must hold afterwards.

const ROOT = join(import.meta.dirname, '..', '..')
/** Below the repository, so that packages are found. */
const BUNDLES = join(ROOT, '.cache', 'kills')

/** Bundled once: a server then starts within a fraction of a second. */
export async function bundleServer(): Promise<string> {
  mkdirSync(BUNDLES, { recursive: true })
  await build({
    absWorkingDir: ROOT,
    entryPoints: [
      { in: 'conformance/ledger/kill-server.ts', out: 'kill-server' },
      { in: 'src/store/sql/sqlite-thread.ts', out: 'ledger-thread' },
    ],
    outdir: BUNDLES,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
  })
  return join(BUNDLES, 'kill-server.js')
}

/** A server that has loaded and waits to begin. */
class Server {
  readonly #child: ChildProcess
  readonly #socket: string
  #agent = new Agent({ keepAlive: true })

  constructor(script: string, store: string, data: string, socket: string) {
    this.#socket = socket
    this.#child = spawn(process.execPath, [script, store, data, socket], { stdio: ['pipe', 'pipe', 'inherit'] })
  }

  async begin(): Promise<void> {
    rmSync(this.#socket, { force: true })
    this.#child.stdin?.write('go\n')
    const ended = once(this.#child, 'exit').then(() => {
      throw new Error('the server ended before it was ready')
    })
    ended.catch(() => {})
    await Promise.race([once(this.#child.stdout as NodeJS.ReadableStream, 'data'), ended])
  }

  async kill(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
    this.#agent.destroy()
  }

  /** Rejects where the server dies before it has answered. */
  ask(path: string, query: Readonly<Record<string, string>> = {}, body = ''): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const options = {
        socketPath: this.#socket,
        path: `${path}?${new URLSearchParams(query).toString()}`,
        method: 'POST',
        agent: this.#agent,
      }
      const sent = request(options, response => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString()
          if (response.statusCode === 200) resolve(JSON.parse(text))
          else reject(new Error(text))
        })
      })
      sent.on('error', reject)
      sent.end(body)
    })
  }
}

interface Submission {
  readonly key: string
  readonly content: string
  readonly path: '/submit' | '/scan'
  readonly keep: 'everything' | 'nothing'
  /** Set when it was acknowledged. */
  id?: string
}

export interface Outcome {
  readonly kills: number
  readonly submitted: number
  readonly unanswered: number
  readonly complaints: readonly string[]
}

const CLIENTS = 6

/** Kills servers on one store while clients submit; then looks whether everything acknowledged is there, once. */
export async function killServers(script: string, store: string, data: string, kills: number): Promise<Outcome> {
  const start = (): Server => new Server(script, store, data, join(data, 'kill.sock'))
  const submissions: Submission[] = []
  const open = new Set<Submission>()
  let unanswered = 0
  let next = start()
  for (let kill = 0; kill <= kills; kill++) {
    const server = next
    if (kill < kills) next = start()
    await server.begin()
    const isLast = kill === kills
    const state = { isDying: false }
    const client = async (): Promise<void> => {
      while (!state.isDying) {
        // What had no answer is sent again with its key; it may have been stored or not.
        const [again] = open
        if (isLast && again === undefined) return
        const submission = again ?? make(submissions)
        open.delete(submission)
        const { key, content, path, keep } = submission
        try {
          const scan = (await server.ask(path, { key, keep, name: `${key}.bin` }, content)) as { id: string }
          submission.id = scan.id
        } catch {
          unanswered++
          open.add(submission)
          if (isLast) throw new Error(`${key} is refused`)
          return
        }
      }
    }
    const clients = Promise.all(Array.from({ length: CLIENTS }, client))
    if (isLast) {
      await clients
      const complaints = await check(server, submissions)
      await server.kill()
      return { kills, submitted: submissions.length, unanswered, complaints }
    }
    await new Promise(resolve => setTimeout(resolve, Math.random() * 250))
    state.isDying = true
    await Promise.all([server.kill(), clients])
  }
  throw new Error('unreachable')
}

function make(submissions: Submission[]): Submission {
  const number = submissions.length
  const submission: Submission = {
    key: `key-${number}`,
    // Some take a while, some are infected, and some come twice.
    content: `${number % 7 === 0 ? 'slow ' : ''}${number % 3 === 0 ? 'infected ' : ''}content ${number % 11 === 5 ? number - 5 : number}`,
    path: number % 2 === 0 ? '/submit' : '/scan',
    keep: number % 4 < 2 ? 'everything' : 'nothing',
  }
  submissions.push(submission)
  return submission
}

interface Scan {
  readonly id: string
  readonly state: string
  readonly verdict?: string
  readonly sha256: string
  readonly name: string
}

async function check(server: Server, submissions: readonly Submission[]): Promise<string[]> {
  const complaints: string[] = []
  for (let waited = 0; ; waited++) {
    const { waiting, leased } = (await server.ask('/queue')) as { waiting: number; leased: number }
    if (waiting + leased === 0) break
    if (waited > 600) return [`${waiting} wait and ${leased} are leased for ever`]
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  const ids = new Set(submissions.map(({ id }) => id))
  if (ids.size !== submissions.length) complaints.push(`${submissions.length} submissions have ${ids.size} scans`)
  for (const { id, key, content, keep } of submissions) {
    const scan = (await server.ask('/get', { id: id ?? '' }).catch(() => undefined)) as Scan | undefined
    if (scan === undefined) {
      complaints.push(`${key} was acknowledged and is lost`)
      continue
    }
    const verdict = content.includes('infected') ? 'infected' : 'clean'
    if (scan.state !== 'finished' || scan.verdict !== verdict || scan.name !== `${key}.bin`)
      complaints.push(`${key} is ${scan.state}, ${scan.verdict ?? 'without a verdict'}`)
    const report = (await server.ask('/report', { id: scan.id }).catch(() => undefined)) as
      | { verdict: string }
      | undefined
    if (report?.verdict !== verdict) complaints.push(`${key} has no report of its own`)
    if (keep === 'everything' && (await server.ask('/kept', { sha256: scan.sha256 })) !== true)
      complaints.push(`${key} was to be kept and is not`)
  }
  const { scans } = (await server.ask('/counts')) as { scans: number }
  if (scans !== submissions.length) complaints.push(`${submissions.length} submissions, ${scans} scans`)
  const { scans: counted } = (await server.ask('/total')) as { scans: number }
  if (counted !== submissions.length) complaints.push(`${submissions.length} submissions, ${counted} in the statistics`)
  return complaints.slice(0, 20)
}
