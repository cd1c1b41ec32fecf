import type { Scanner } from '../../scan/index.ts'
import type { ClamdLimits } from './limits.ts'

/** What all connections of one listener share. */
export interface ClamdHost {
  readonly scanner: Scanner
  readonly limits: ClamdLimits
  /** Text that VERSION answers; absent: made from the scanner's status. */
  readonly version: string | undefined
  readonly lax: boolean
  readonly followLinks: boolean
  /** Carries out SHUTDOWN; absent: SHUTDOWN is refused. */
  readonly shutdown: (() => void) | undefined
  readonly log: (line: string) => void
  /** Memory that short streams of all connections hold, in bytes. */
  inlineBytes: number
  /** Connections in IDSESSION. */
  sessions: number
}
