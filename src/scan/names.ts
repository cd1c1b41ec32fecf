import type { Severity } from '../report/index.ts'

// What ClamAV reads from the names of signatures.

/** Appended, as ClamAV does, to names that do not come from a signed database. */
const UNOFFICIAL_SUFFIX = '.UNOFFICIAL'

export function unofficial(name: string): string {
  return name + UNOFFICIAL_SUFFIX
}

/** Names of potentially unwanted programs begin with `PUA.`. */
export function severityOf(name: string, unwanted: boolean): Severity {
  return unwanted || name.startsWith('PUA.') ? 'unwanted' : 'malicious'
}
