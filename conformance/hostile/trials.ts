import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { instream } from '../../bench/lib/clamd-session.ts'
import { openFiles, processTree } from '../../bench/lib/memory.ts'
import { ask, type ScanServer } from '../../bench/lib/servers.ts'
import { Random } from '../agreement/random.ts'
import { latin, noise, join } from '../carriers/bytes.ts'
import { MARKER, mutate } from './mutate.ts'

/** What happened to many scans. Anything in `wrong` is a fault. */
export interface Trial {
  readonly scans: number
  readonly found: number
  /** Answered as not scannable, which is honest. */
  readonly unscannable: number
  readonly clean: number
  readonly busy: number
  readonly wrong: readonly string[]
}

class Tally {
  scans = 0
  found = 0
  unscannable = 0
  clean = 0
  busy = 0
  readonly wrong: string[] = []

  /** Notes one answer to content that holds the marker or does not. */
  note(answer: string, isMarked: boolean): void {
    this.scans++
    if (/Marker\.UNOFFICIAL FOUND/.test(answer)) {
      this.found++
      if (!isMarked) this.wrong.push(`found in clean content: ${answer}`)
    } else if (/Heuristics\.\S+ FOUND/.test(answer)) this.unscannable++
    else if (/^(?:\d+: )?stream: OK\0?$/.test(answer)) {
      this.clean++
      if (isMarked) this.wrong.push('clean, though the marker is in it')
    } else if (/busy|queue|Too many|later/i.test(answer)) this.busy++
    else this.wrong.push(`odd answer: ${JSON.stringify(answer.slice(0, 200))}`)
  }
}

const MARKER_BYTES = latin(MARKER)

/** `total` mutated executables over eight connections, three of four with the marker. */
export async function mutatedFiles(server: ScanServer, total: number, seed: string): Promise<Trial> {
  const tally = new Tally()
  let left = total
  const worker = async (index: number) => {
    const random = new Random(`${seed}${index}`)
    while (left-- > 0) {
      const isMarked = random.below(4) !== 0
      tally.note(await scan(server, mutate(random, isMarked)), isMarked)
    }
  }
  await Promise.all(Array.from({ length: 8 }, (_, index) => worker(index)))
  return tally
}

/** One INSTREAM; a broken connection is an answer too. */
function scan(server: ScanServer, content: Uint8Array): Promise<string> {
  return ask(server.clamd, instream(content), 120_000).catch((error: Error) => `broken: ${error.message}`)
}

/** Content of which no two scans have the same, so that no memory of crashes answers. */
function fresh(bytes: number, isMarked: boolean): Uint8Array {
  const content = noise(bytes, 1 + Math.floor(Math.random() * 1e9))
  const stamp = latin(`${performance.now()} ${Math.random()} `)
  return isMarked ? join(content, stamp, MARKER_BYTES, noise(100)) : join(content, stamp)
}

/** Processes below the server whose command line names the engine. */
export function enginePids(server: ScanServer): number[] {
  return processTree(server.pid).filter(pid => pid !== server.pid && /engine/.test(commandLine(pid)))
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

export interface KillTrial extends Trial {
  readonly kills: number
  readonly elapsedMs: number
}

/** Kills the engine process again and again, each time after it answered, while four clients scan. */
export async function killEngines(server: ScanServer, kills: number): Promise<KillTrial> {
  const tally = new Tally()
  const state = { isOver: false }
  const startedAt = performance.now()
  const worker = async () => {
    for (let i = 0; !state.isOver; i++) {
      const isMarked = i % 2 === 0
      tally.note(await scan(server, fresh(200_000, isMarked)), isMarked)
    }
  }
  const workers = Array.from({ length: 4 }, worker)
  const endBy = performance.now() + 60_000 + kills * 3000
  let done = 0
  let answered = 0
  while (done < kills && performance.now() < endBy) {
    const [engine] = enginePids(server)
    if (engine === undefined || tally.found + tally.clean <= answered) await sleep(20)
    else {
      // At different moments, so that it dies while it reads, while it scans and while it answers.
      await sleep(done % 7)
      answered = tally.found + tally.clean
      if (kill(engine)) done++
      await untilGone(engine)
    }
  }
  state.isOver = true
  await Promise.all(workers)
  return { ...resultOf(tally), kills: done, elapsedMs: performance.now() - startedAt }
}

function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL')
  } catch {
    return false
  }
}

async function untilGone(pid: number): Promise<void> {
  for (let i = 0; i < 500 && commandLine(pid) !== ''; i++) await sleep(2)
}

const resultOf = ({ scans, found, unscannable, clean, busy, wrong }: Tally): Trial => ({
  scans,
  found,
  unscannable,
  clean,
  busy,
  wrong,
})

export interface BadClientTrial extends Trial {
  /** Slow clients that the server cut off by itself. */
  readonly cut: number
  readonly slow: number
}

/** Half of `count` clients send a byte now and then, half vanish in the middle of their content; four good ones go on. */
export async function badClients(server: ScanServer, count: number, patienceMs: number): Promise<BadClientTrial> {
  const tally = new Tally()
  const state = { isOver: false }
  const good = Array.from({ length: 4 }, async () => {
    for (let i = 0; !state.isOver; i++) {
      const isMarked = i % 2 === 0
      tally.note(await scan(server, fresh(50_000, isMarked)), isMarked)
    }
  })
  const slow = Array.from({ length: count >> 1 }, () => slowClient(server, patienceMs))
  const vanished = Array.from({ length: count - (count >> 1) }, (_, index) => vanishingClient(server, index))
  await Promise.all(vanished)
  const cut = (await Promise.all(slow)).filter(Boolean).length
  state.isOver = true
  await Promise.all(good)
  return { ...resultOf(tally), cut, slow: slow.length }
}

/** Sends a byte each second of a content that was announced as large. True when the server ended it. */
function slowClient(server: ScanServer, patienceMs: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(server.clamd)
    const head = Buffer.from('zINSTREAM\0\0\0\0\0', 'latin1')
    head.writeUInt32BE(1_000_000, 10)
    socket.write(head)
    const drip = setInterval(() => socket.write('x'), 1000)
    const patience = setTimeout(() => socket.destroy(), patienceMs)
    let wasCut = false
    socket.on('end', () => (wasCut = true))
    socket.on('error', () => (wasCut = true))
    socket.on('data', () => (wasCut = true))
    socket.on('close', () => {
      clearInterval(drip)
      clearTimeout(patience)
      resolve(wasCut)
    })
  })
}

/** Announces content, sends some, and is gone: before the command's end, in the middle, or before the answer. */
async function vanishingClient(server: ScanServer, index: number): Promise<void> {
  const socket = connect(server.clamd)
  socket.on('error', () => undefined)
  const request = instream(fresh(300_000, false))
  const shares = [0.00001, 0.5, 1]
  socket.write(request.subarray(0, Math.max(1, Math.floor(request.length * shares[index % shares.length]))))
  await sleep(5 + (index % 50) * 4)
  socket.destroy()
}

/** What must be the same before and after. */
export interface Footprint {
  readonly processes: number
  readonly files: number
  readonly idle: number
  readonly queued: number
}

/** Processes, open files of all of them, idle threads and queue length as STATS tells. */
export async function footprint(server: ScanServer): Promise<Footprint> {
  const stats = await ask(server.clamd, 'zSTATS\0')
  const pids = processTree(server.pid)
  return {
    processes: pids.length,
    files: pids.reduce((sum, pid) => sum + openFiles(pid), 0),
    idle: Number(/idle (\d+)/.exec(stats)?.[1] ?? -1),
    queued: Number(/QUEUE: (\d+)/.exec(stats)?.[1] ?? -1),
  }
}

const STEADY_MS = 1500

/** The footprint once it does not change any more: sandboxes start beside the server. */
export async function steady(server: ScanServer): Promise<Footprint> {
  for (let last = await footprint(server); ;) {
    await sleep(STEADY_MS)
    const now = await footprint(server)
    if (now.processes === last.processes && now.files === last.files) return now
    last = now
  }
}

/** Waits until nothing more is held than before; returns what is. */
export async function settled(server: ScanServer, before: Footprint, timeoutMs: number): Promise<Footprint> {
  const end = performance.now() + timeoutMs
  for (;;) {
    const now = await footprint(server)
    const isBack =
      now.processes <= before.processes && now.files <= before.files && now.idle >= before.idle && now.queued === 0
    if (isBack || performance.now() > end) return now
    await sleep(200)
  }
}
