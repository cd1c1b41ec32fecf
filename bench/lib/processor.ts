import { readFileSync } from 'node:fs'
import { processTree } from './memory.ts'

/** Kernel clock ticks per second; 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100

/** Processor time in seconds that a process and everything below it has used, all threads together. */
export function processorSeconds(root: number): number {
  let ticks = 0
  for (const pid of processTree(root)) {
    try {
      // Fields behind the name, which may hold spaces and parentheses: user and system time, and those of ended children.
      const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
        .replace(/^.*\) /s, '')
        .split(' ')
      for (const field of fields.slice(11, 15)) ticks += Number(field)
    } catch {
      // It ended meanwhile.
    }
  }
  return ticks / TICKS_PER_SECOND
}
