import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// A PostgreSQL of Debian for one suite: a cluster of its own in a temporary folder, on a free port of loopback.

const ROOT = '/usr/lib/postgresql'
/** PostgreSQL refuses to run as root. */
const USER = 'postgres'

/** Where the programs of the newest version lie; undefined: there are none. */
export function postgresPrograms(): string | undefined {
  if (!existsSync(ROOT)) return undefined
  const folders = readdirSync(ROOT).sort((a, b) => Number(b) - Number(a))
  return folders.map(version => join(ROOT, version, 'bin')).find(folder => existsSync(join(folder, 'initdb')))
}

export interface Postgres {
  /** A new, empty database. */
  createDatabase(name: string): string
  /** As a power cut for its processes. */
  stop(): Promise<void>
}

export async function startPostgres(): Promise<Postgres> {
  const programs = postgresPrograms()
  if (programs === undefined) throw new Error('There is no PostgreSQL')
  const folder = mkdtempSync(join(tmpdir(), 'lazaret-postgres-'))
  const asUser = process.getuid?.() === 0 ? ['setpriv', `--reuid=${USER}`, '--clear-groups', `--regid=${USER}`] : []
  if (asUser.length > 0) {
    chmodSync(folder, 0o755)
    execFileSync('chown', [USER, folder])
  }
  const run = (name: string, ...options: readonly string[]): void => {
    const [program, ...rest] = [...asUser, join(programs, name), ...options]
    execFileSync(program, rest, {
      stdio: ['ignore', 'ignore', 'pipe'],
      cwd: folder,
      env: { ...process.env, HOME: folder },
    })
  }
  const data = join(folder, 'data')
  run('initdb', '-D', data, '-U', 'lazaret', '-A', 'trust', '--no-sync', '-E', 'UTF8', '--locale=C.UTF-8')
  const port = await freePort()
  const [program, ...rest] = [
    ...asUser,
    join(programs, 'postgres'),
    '-D',
    data,
    '-p',
    String(port),
    '-k',
    folder,
    '-h',
    '127.0.0.1',
  ]
  const server = spawn(program, rest, { stdio: 'ignore', cwd: folder })
  const exited = new Promise<void>(resolve => server.once('exit', () => resolve()))
  const url = (name: string): string => `postgres://lazaret@127.0.0.1:${port}/${name}`
  for (let attempt = 0; ; attempt++) {
    try {
      run('psql', '-q', '-d', url('postgres'), '-c', 'select 1')
      break
    } catch (error) {
      if (attempt === 100) throw error
      await new Promise(resolve => setTimeout(resolve, 50))
    }
  }
  return {
    createDatabase(name) {
      run('psql', '-q', '-d', url('postgres'), '-c', `create database ${name}`)
      return url(name)
    },
    async stop() {
      server.kill('SIGINT')
      await exited
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
