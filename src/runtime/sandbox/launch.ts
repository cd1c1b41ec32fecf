import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { accessSync, constants, readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { siblingModule } from '../modules.ts'
import { highestInherited } from './descriptors.ts'
import { hasSeccomp, seccompProgram } from './seccomp.ts'

// How a child is started: one wall around the other, as many as there are.
//
//   prlimit        memory, open files, no core, no files written     util-linux
//     bwrap        namespaces, nothing mounted but node and the code  bubblewrap
//       seccomp    no sockets, no processes, no signals, no writing   the kernel, by bwrap
//         node     --permission and flags against tricks of the language
//
// No shell takes part, and nothing here depends on content. `execve` cannot be filtered, because bwrap calls it behind
// the filter; there is nothing to execute but the same Node, within the same walls, and no new process to do it in.
//
// From start to HELLO, median of 30 on 2 shared cores of an x86-64, Node 24.21 (bench/sandbox.ts): 65 to 71 ms for each
// set of walls, from Node alone to all of them; what the walls cost is less than the noise. 13 ms of it are
// --frozen-intrinsics.

/** Programs that make walls; undefined where they are missing or do not work. */
export interface LaunchPlan {
  readonly bwrap: string | undefined
  readonly prlimit: string | undefined
  /** Ends a child with its engine; bwrap does that itself where there is one. */
  readonly setpriv: string | undefined
  /** Only with bwrap. */
  readonly seccomp: boolean
  readonly permission: boolean
}

/** What runs inside. */
export interface SandboxTarget {
  /** Module of the child, as a path. */
  readonly entry: string
  /** Files and folders that it may read: itself, and what it is made of. */
  readonly readable: readonly string[]
  /** Memory of a child beside what Node itself needs: the artifact, and what taking it apart costs. */
  readonly memoryBytes: number
}

/** Content of 1 GiB and half as much to take it apart. */
const DEFAULT_MEMORY_BYTES = 1536 * 1024 * 1024
/** What V8 reserves for code and itself counts against RLIMIT_DATA (Node 24: 576 MiB measured). */
const NODE_DATA_BYTES = 640 * 1024 * 1024
/** Objects of a component; content lies outside of the heap. */
const HEAP_MIB = 512
const OPEN_FILES = 64
/** Nobody, inside the user namespace. */
const NOBODY = '65534'
const SECCOMP_FD = 3

const ROOT = new URL('../../../', import.meta.url)
const SEARCH_PATH = ['/usr/bin', '/bin', '/usr/local/bin', '/usr/sbin', '/sbin']

/** What the children of a pool run: the bundle beside this one, or the sources. @param entry - another module */
export const sandboxTarget = (entry?: URL, memoryBytes = DEFAULT_MEMORY_BYTES): SandboxTarget => {
  const url = entry ?? siblingModule(import.meta.url, { source: 'child-main', bundle: 'sandbox' })
  const path = fileURLToPath(url)
  const root = fileURLToPath(ROOT)
  // Node looks for the package of a module to learn what kind of module it is.
  const readable = path.endsWith('.ts')
    ? [join(root, 'src'), join(root, 'package.json'), join(root, 'node_modules', '7z-wasm')]
    : [path, fileURLToPath(new URL('../package.json', url)), fileURLToPath(new URL('7zz.wasm', url))]
  return { entry: path, readable, memoryBytes }
}

/** Path of a program in the usual folders; PATH is not asked, because whoever sets it would choose the wall. */
export const findProgram = (name: string): string | undefined =>
  process.platform === 'linux' ? SEARCH_PATH.map(folder => join(folder, name)).find(isExecutable) : undefined

const isExecutable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Every wall that could be there; whether they stand is seen when a child starts. */
export const fullPlan = (): LaunchPlan => {
  const bwrap = findProgram('bwrap')
  return {
    bwrap,
    prlimit: findProgram('prlimit'),
    setpriv: findProgram('setpriv'),
    seccomp: bwrap !== undefined && hasSeccomp(process.arch),
    permission: process.allowedNodeEnvironmentFlags.has('--permission'),
  }
}

/** Options that not every Node has. */
const flagsIfKnown = (flags: readonly string[]): readonly string[] =>
  flags.filter(flag => process.allowedNodeEnvironmentFlags.has(flag))

const nodeArguments = (plan: LaunchPlan, target: SandboxTarget): readonly string[] => [
  '--disallow-code-generation-from-strings',
  '--disable-proto=delete',
  // What one artifact does to Array.prototype and its like must not be there for the next one. Costs 13 ms.
  '--frozen-intrinsics',
  '--no-addons',
  '--no-warnings',
  '--no-global-search-paths',
  ...flagsIfKnown(['--disable-sigusr1']),
  `--max-old-space-size=${HEAP_MIB}`,
  '--max-semi-space-size=4',
  ...(plan.permission ? ['--permission', ...target.readable.map(path => `--allow-fs-read=${path}`)] : []),
  target.entry,
]

let inherited: number | undefined
let libraries: readonly string[] | undefined

/** Shared libraries of this Node by the names under which the loader looks for them, the loader among them. */
const nodeLibraries = (): readonly string[] => {
  if (libraries !== undefined) return libraries
  // The types do not know this member.
  const report = process.report as NodeJS.ProcessReport & { excludeNetwork: boolean }
  const { excludeNetwork } = report
  // It would look up the names of all addresses.
  report.excludeNetwork = true
  const { sharedObjects } = report.getReport() as { sharedObjects: readonly string[] }
  report.excludeNetwork = excludeNetwork
  libraries = sharedObjects.filter(path => path.startsWith('/') && path !== process.execPath)
  return libraries
}

/** Neither /proc nor /dev nor /tmp: Node starts without them, and what is not there needs no guard. */
const bwrapArguments = (plan: LaunchPlan, target: SandboxTarget): readonly string[] => [
  '--unshare-all',
  '--unshare-user',
  '--uid', NOBODY,
  '--gid', NOBODY,
  '--hostname', 'sandbox',
  '--new-session',
  '--die-with-parent',
  '--as-pid-1',
  '--cap-drop', 'ALL',
  ...[process.execPath, ...nodeLibraries(), ...target.readable].flatMap(path => ['--ro-bind', path, path]),
  '--remount-ro', '/',
  '--chdir', '/',
  '--clearenv',
  ...(plan.seccomp ? ['--seccomp', String(SECCOMP_FD)] : []),
  '--',
] // prettier-ignore

const prlimitArguments = (target: SandboxTarget): readonly string[] => [
  '--core=0',
  '--fsize=0',
  `--nofile=${OPEN_FILES}`,
  `--data=${NODE_DATA_BYTES + target.memoryBytes}`,
  '--',
] // RLIMIT_NPROC is absent: it counts all processes of the user, and the filter refuses new ones anyway.

const setprivWords = ({ setpriv }: LaunchPlan): readonly string[] =>
  setpriv === undefined ? [] : [setpriv, '--no-new-privs', '--pdeathsig', 'KILL', '--']

/** The command line of a child. */
export const commandLine = (plan: LaunchPlan, target: SandboxTarget): readonly string[] => [
  ...(plan.prlimit === undefined ? [] : [plan.prlimit, ...prlimitArguments(target)]),
  ...(plan.bwrap === undefined ? setprivWords(plan) : [plan.bwrap, ...bwrapArguments(plan, target)]),
  process.execPath,
  ...nodeArguments(plan, target),
]

/**
 * Starts a child. Standard input and output carry frames, standard error what Node says when it dies.
 * Descriptor 3 brings the filter to bwrap.
 * @param output - what becomes its standard output; default: a pipe
 */
export const launch = (plan: LaunchPlan, target: SandboxTarget, output?: Socket): ChildProcess => {
  const [command, ...args] = commandLine(plan, target)
  const walls = plan.seccomp ? 'pipe' : 'ignore'
  inherited ??= highestInherited()
  const shut = Array.from({ length: Math.max(0, inherited - SECCOMP_FD) }, () => 'ignore' as const)
  const child = spawn(command, args, {
    stdio: ['pipe', output ?? 'pipe', 'pipe', walls, ...shut],
    env: {},
    cwd: '/',
    // A process group of its own: killed as one, and not reached by what a terminal sends to the engine's.
    detached: true,
    windowsHide: true,
  })
  // Where no descriptor is left to be made, there are no streams; the reason comes as an error of the child.
  const filter = (child as { stdio?: ChildProcess['stdio'] }).stdio?.[SECCOMP_FD]
  if (filter !== null && filter !== undefined && 'end' in filter) {
    // It may be gone before it has read this; that it ended is told by its exit.
    filter.on('error', () => {})
    filter.end(plan.seccomp && hasSeccomp(process.arch) ? seccompProgram(process.arch) : undefined)
  }
  return child
}

/**
 * Process of the child's Node, once it has said HELLO: where bwrap stands between, the only child of that. Not by
 * bwrap's --info-fd: an engine that ends meanwhile would make bwrap die while its fork waits for it, for ever.
 */
export const nodePid = (plan: LaunchPlan, pid: number): number | undefined => {
  if (plan.bwrap === undefined) return pid
  try {
    return Number.parseInt(readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1'), 10) || undefined
  } catch {
    return undefined
  }
}
