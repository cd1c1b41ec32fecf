import { readFileSync } from 'node:fs'
import type { LaunchPlan, SandboxTarget } from './launch.ts'
import { SandboxProcess } from './process.ts'
import { hasSeccomp } from './seccomp.ts'
import type { Probes } from './wire.ts'

// Which walls stand: a child is started with all of them, and where it does not come up, with fewer and fewer. What is
// reported as standing has been seen to stand, by a child's probes and by what the kernel says of its process.

export const LAYER_NAMES = ['namespaces', 'seccomp', 'permission', 'limits'] as const
export type LayerName = (typeof LAYER_NAMES)[number]

export interface SandboxLayer {
  readonly name: LayerName
  readonly active: boolean
  /** What it does, or why it is missing. */
  readonly why: string
  /** What to do about it; absent where it stands, or where nothing can be done. */
  readonly advice?: string
}

/** The walls that a pool builds, and how that was found out. */
export interface PlanChoice {
  readonly plan: LaunchPlan
  readonly probes: Probes
  /** From the start of that child to its HELLO. */
  readonly startMs: number
  /** Seccomp mode and NoNewPrivs of a child as the kernel tells them; undefined where it does not. */
  readonly kernel: { readonly seccomp: number; readonly noNewPrivileges: boolean } | undefined
  /** Why a plan with more walls did not start. */
  readonly failures: readonly { readonly plan: LaunchPlan; readonly why: string }[]
}

/** `plan`, and plans with less, best first. */
export const plansBelow = (plan: LaunchPlan): readonly LaunchPlan[] => {
  const bare = { ...plan, bwrap: undefined, seccomp: false }
  const candidates = [
    plan,
    { ...plan, prlimit: undefined },
    { ...plan, seccomp: false },
    bare,
    { ...bare, prlimit: undefined },
    { ...bare, setpriv: undefined },
    { ...bare, prlimit: undefined, setpriv: undefined },
    { ...bare, prlimit: undefined, setpriv: undefined, permission: false },
  ]
  const keys = candidates.map(candidate => JSON.stringify(candidate))
  return candidates.filter((_, index) => keys.indexOf(keys[index]) === index)
}

/**
 * Finds the best plan with which a child starts. Cost: the start of one child where everything is there.
 * @throws Error where none starts
 */
export const choosePlan = async (wanted: LaunchPlan, target: SandboxTarget, startMs: number): Promise<PlanChoice> => {
  const failures: { plan: LaunchPlan; why: string }[] = []
  for (const plan of plansBelow(wanted)) {
    const outcome = await tryPlan(plan, target, startMs)
    if ('probes' in outcome) return { plan, failures, ...outcome }
    failures.push({ plan, why: outcome.why })
  }
  throw new Error(`no sandbox can be started: ${failures.at(-1)?.why}`)
}

type Outcome = Pick<PlanChoice, 'probes' | 'startMs' | 'kernel'> | { readonly why: string }

const tryPlan = async (plan: LaunchPlan, target: SandboxTarget, startMs: number): Promise<Outcome> => {
  const outcome = Promise.withResolvers<Outcome>()
  const child = new SandboxProcess(plan, target, {
    ready: process => outcome.resolve(inspect(process)),
    data: () => true,
    ended: (_process, why) => outcome.resolve({ why }),
  })
  const timer = setTimeout(() => child.kill(`it was not ready after ${startMs} ms`), startMs)
  const result = await outcome.promise
  clearTimeout(timer)
  child.kill('it was only tried')
  await child.closed
  return result
}

const inspect = (process: SandboxProcess): Outcome => {
  const { probes, startMs } = process
  if (probes === undefined) return { why: 'it said no HELLO' }
  return { probes, startMs, kernel: kernelView(process.nodePid) }
}

/** What the kernel says of a process; it cannot be talked out of that from inside. */
const kernelView = (pid: number | undefined): PlanChoice['kernel'] => {
  if (pid === undefined) return undefined
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1')
    const field = (name: string): string | undefined => new RegExp(`^${name}:\\s*(\\d+)$`, 'm').exec(status)?.[1]
    return { seccomp: Number(field('Seccomp')), noNewPrivileges: field('NoNewPrivs') === '1' }
  } catch {
    return undefined
  }
}

/** Filter mode, as /proc/PID/status counts. */
const SECCOMP_FILTER = 2
const DENIED = new Set(['EPERM', 'EACCES', 'ERR_ACCESS_DENIED'])
const INSTALL_BWRAP = 'apt-get install bubblewrap'
const ALLOW_NAMESPACES =
  'let bwrap make user namespaces: sysctl kernel.unprivileged_userns_clone=1, on Ubuntu also an AppArmor profile'

/** Each wall with its state. */
export const layersOf = (choice: PlanChoice): readonly SandboxLayer[] => [
  namespacesOf(choice),
  seccompOf(choice),
  permissionOf(choice),
  limitsOf(choice),
]

/** Why the plan that had this wall and was tried first did not start. */
const failureWith = ({ failures }: PlanChoice, key: 'bwrap' | 'prlimit' | 'seccomp'): string | undefined =>
  failures.find(({ plan }) => plan[key] !== undefined && plan[key] !== false)?.why

const namespacesOf = (choice: PlanChoice): SandboxLayer => {
  const name = 'namespaces'
  if (choice.plan.bwrap !== undefined) {
    return { name, active: true, why: 'no network, no other processes, no files but Node and the code (bwrap)' }
  }
  const failure = failureWith(choice, 'bwrap')
  if (failure !== undefined)
    return { name, active: false, why: `bwrap does not work: ${failure}`, advice: ALLOW_NAMESPACES }
  if (process.platform !== 'linux') return { name, active: false, why: 'needs Linux' }
  return { name, active: false, why: 'bwrap is not installed', advice: INSTALL_BWRAP }
}

const seccompOf = (choice: PlanChoice): SandboxLayer => {
  const name = 'seccomp'
  const { plan, probes, kernel } = choice
  const connectsDenied = DENIED.has(probes['connectTcp']) && DENIED.has(probes['signalParent'])
  if (plan.seccomp && connectsDenied && (kernel === undefined || kernel.seccomp === SECCOMP_FILTER)) {
    return { name, active: true, why: 'no sockets, no new processes, no signals, no writing (system call filter)' }
  }
  if (plan.seccomp) return { name, active: false, why: 'the filter is not in force' }
  const failure = failureWith(choice, 'seccomp')
  if (failure !== undefined) return { name, active: false, why: `no child starts with the filter: ${failure}` }
  if (process.platform !== 'linux') return { name, active: false, why: 'needs Linux' }
  if (!hasSeccomp(process.arch)) return { name, active: false, why: `there is no filter for ${process.arch}` }
  return { name, active: false, why: 'bwrap would set it', advice: INSTALL_BWRAP }
}

const permissionOf = ({ plan, probes }: PlanChoice): SandboxLayer => {
  const name = 'permission'
  const denied = ['readFile', 'writeFile', 'spawn'].every(probe => probes[probe] === 'ERR_ACCESS_DENIED')
  if (plan.permission && denied) {
    return { name, active: true, why: "no files, no processes, no threads (Node's --permission)" }
  }
  return plan.permission
    ? { name, active: false, why: 'its probes were let through' }
    : { name, active: false, why: `Node ${process.versions.node} has no --permission`, advice: 'use Node 24' }
}

const limitsOf = (choice: PlanChoice): SandboxLayer => {
  const name = 'limits'
  if (choice.plan.prlimit !== undefined) {
    return { name, active: true, why: 'bounded memory and open files, no core dumps (prlimit)' }
  }
  const failure = failureWith(choice, 'prlimit')
  if (failure !== undefined) return { name, active: false, why: `no child starts with the limits: ${failure}` }
  if (process.platform !== 'linux') return { name, active: false, why: 'needs Linux; the heap is bounded all the same' }
  return { name, active: false, why: 'prlimit is not installed', advice: 'apt-get install util-linux' }
}
