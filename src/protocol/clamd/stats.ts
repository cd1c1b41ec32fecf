import { escapeControl, toBinaryString } from './replies.ts'

// The answer to STATS, in the grammar that clamdtop and monitoring plug-ins read.

/** What STATS tells. */
export interface ClamdStats {
  readonly threads: { readonly live: number; readonly idle: number; readonly max: number }
  readonly idleTimeoutSeconds: number
  readonly queued: number
  /** Work in hand: command, seconds since it began, path or name. */
  readonly active: readonly { readonly command: string; readonly seconds: number; readonly name: string }[]
  readonly residentBytes: number
}

const BYTES_PER_MEGABYTE = 1024 * 1024
/** Most lines of work in hand that one answer lists. */
const MAX_ACTIVE_LINES = 256

/** The text, which the reply's terminator follows. Memory figures that do not exist here are told as 0. */
export const clamdStatsText = (stats: ClamdStats): string => {
  const { live, idle, max } = stats.threads
  const used = `${(stats.residentBytes / BYTES_PER_MEGABYTE).toFixed(3)}M`
  const active = stats.active
    .slice(0, MAX_ACTIVE_LINES)
    .map(work => `\t${work.command} ${work.seconds.toFixed(6)} ${escapeControl(toBinaryString(work.name))}\n`)
  return [
    'POOLS: 1\n\nSTATE: VALID PRIMARY\n',
    `THREADS: live ${live}  idle ${idle} max ${max} idle-timeout ${stats.idleTimeoutSeconds}\n`,
    `QUEUE: ${stats.queued} items\n`,
    ...active,
    `\nMEMSTATS: heap ${used} mmap 0.000M used ${used} free 0.000M releasable 0.000M `,
    `pools 1 pools_used ${used} pools_total ${used}\nEND`,
  ].join('')
}
