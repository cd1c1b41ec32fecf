import type { Case } from './case.ts'
import { BODY_CASES } from './cases-body.ts'
import { BOUNDARY_CASES } from './cases-boundary.ts'
import { EXECUTABLE_CASES } from './cases-executable.ts'
import { FILE_AND_HASH_CASES } from './cases-files.ts'
import { LOGIC_CASES } from './cases-logic.ts'

export type { Case } from './case.ts'

/**
 * What ClamAV 1.4.6 does with every feature of its signature languages, one small case each. Conformance runs check
 * the table against clamscan itself, and Lazaret against the table.
 */
export const CASES: readonly Case[] = [
  ...BODY_CASES,
  ...BOUNDARY_CASES,
  ...LOGIC_CASES,
  ...EXECUTABLE_CASES,
  ...FILE_AND_HASH_CASES,
]
