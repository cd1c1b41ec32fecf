import { readdirSync, readFileSync } from 'node:fs'

/** Resident memory of a group of processes, in bytes. */
export interface Memory {
  /** Every shared page counted once per group, its share otherwise. */
  readonly pssBytes: number
  /** Shared pages counted once per process. */
  readonly rssBytes: number
  readonly processes: number
}

/** The process and everything below it. */
export function processTree(root: number): number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const parent = /^PPid:\s+(\d+)$/m.exec(readProc(Number(name), 'status'))
    if (parent !== null) parents.set(Number(name), Number(parent[1]))
  }
  const tree = [root]
  for (let i = 0; i < tree.length; i++) {
    for (const [pid, parent] of parents) if (parent === tree[i]) tree.push(pid)
  }
  return tree.filter(pid => parents.has(pid))
}

/** Memory of a process with everything below it (Linux: smaps_rollup). */
export function memoryOf(root: number): Memory {
  const sum = { pssBytes: 0, rssBytes: 0, processes: 0 }
  for (const pid of processTree(root)) {
    const rollup = readProc(pid, 'smaps_rollup')
    if (rollup === '') continue
    sum.pssBytes += kilobytes(rollup, 'Pss')
    sum.rssBytes += kilobytes(rollup, 'Rss')
    sum.processes++
  }
  return sum
}

/** Open file descriptors of a process. */
export function openFiles(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/fd`).length
  } catch {
    return 0
  }
}

const kilobytes = (text: string, field: string) =>
  Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0) * 1024

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}
