import { readFileSync } from 'node:fs'
import { processTree } from './memory.ts'

/** Kernel clock ticks per second; 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100

/** Processor time in seconds that a process and everything below it has used, all threads together. */
export function processorSeconds(root: number): number {
  let ticks = 0
  for (const pid of processTree(root)) {
    try {
      // Fields behind the name, which may hold spaces and parentheses; user and system time are the 12th and 13th.
      const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
        .replace(/^.*\) /s, '')
        .split(' ')
      ticks += Number(fields[11]) + Number(fields[12])
    } catch {
      // It ended meanwhile.
    }
  }
  return ticks / TICKS_PER_SECOND
}
