import { spawnSync } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { connect } from 'node:net'
import type { NetConnectOpts } from 'node:net'
import type { Probes } from './wire.ts'

// A child tries its walls when it starts. Each probe ends with the code of the error that stopped it, or with `open`.
// ptrace and its like cannot be called from JavaScript: that the filter is in force is read from outside (inspect.ts).

/** Nobody answers here; what counts is whether the call is let through. */
const NOWHERE: readonly (readonly [string, NetConnectOpts])[] = [
  ['connectTcp', { host: '127.0.0.1', port: 1 }],
  ['connectUnix', { path: '/lazaret-probe.sock' }],
]
const CONNECT_MS = 1000

const SYNCHRONOUS: readonly (readonly [string, () => void])[] = [
  ['readFile', () => closeSync(openSync('/etc/passwd', 'r'))],
  ['writeFile', () => closeSync(openSync('/lazaret-probe', 'w'))],
  ['readEnvironment', () => closeSync(openSync('/proc/1/environ', 'r'))],
  ['spawn', () => throwIf(spawnSync(process.execPath, ['--version'], { stdio: 'ignore' }).error)],
  ['signalParent', () => process.kill(process.ppid, 0)],
]

const throwIf = (error: Error | undefined): void => {
  if (error !== undefined) throw error
}

const codeOf = (error: unknown): string => String((error as NodeJS.ErrnoException).code ?? error).slice(0, 64)

const attempt = (action: () => void): string => {
  try {
    action()
    return 'open'
  } catch (error) {
    return codeOf(error)
  }
}

const attemptConnect = (options: NetConnectOpts): Promise<string> =>
  new Promise(resolve => {
    try {
      const socket = connect(options)
      const end = (result: string): void => {
        socket.destroy()
        resolve(result)
      }
      socket.setTimeout(CONNECT_MS, () => end('ETIMEDOUT'))
      socket.once('connect', () => end('open'))
      socket.once('error', error => end(codeOf(error)))
    } catch (error) {
      resolve(codeOf(error))
    }
  })

/** Tries everything. Changes nothing where a wall is missing, except an empty file /lazaret-probe. */
export const probe = async (): Promise<Probes> => {
  const results: Record<string, string> = {}
  for (const [name, action] of SYNCHRONOUS) results[name] = attempt(action)
  for (const [name, options] of NOWHERE) results[name] = await attemptConnect(options)
  return results
}
