import type { ArtifactReport, Report } from '../../report/index.ts'
import type { Mutant } from './mutants.ts'
import { indexOfBytes } from './numbers.ts'
import type { Seed } from './seeds.ts'

// What a report about a damaged container may say.

/** Why `clean` is right, or what is wrong. */
export type Judgement =
  | 'infected'
  | 'unscannable'
  /** Nothing recognises it as a container any more. */
  | 'unrecognised'
  /** The payload's place was read, and what came out of it is something else than before. */
  | 'changed'
  /** Nothing of the payload is in the file. */
  | 'gone'
  | 'wrong clean'
  | 'fault'

/** Shorter runs of encoded bytes decode to nothing that a signature could know. */
const LEAST_RUN_BYTES = 12

/** @param sound - the report about the undamaged seed */
export function judge(one: Mutant, report: Report, sound: Report): Judgement {
  if (report.artifacts.some(isFault)) return 'fault'
  if (report.verdict === 'infected' || report.verdict === 'unscannable') return report.verdict
  if (report.verdict !== 'clean') return 'fault'
  if (report.artifacts[0].type !== sound.artifacts[0].type) return 'unrecognised'
  if (isGone(one.seed, one.bytes)) return 'gone'
  return isChanged(one, report, sound) ? 'changed' : 'wrong clean'
}

const isFault = ({ notSeen = [] }: ArtifactReport): boolean => notSeen.some(({ reason }) => reason === 'crashed')

/** Not one run of the encoded payload is in the file. */
function isGone({ encoded }: Seed, bytes: Uint8Array): boolean {
  for (let at = 0; at + LEAST_RUN_BYTES <= encoded.length; at++)
    if (indexOfBytes(bytes, encoded.subarray(at, at + LEAST_RUN_BYTES)) >= 0) return false
  return true
}

/**
 * Where the encoded payload is whole, only content of the payload's size, or of what lies around it, with other bytes
 * tells that it was read; where it is damaged, any content that the seed does not have. What is only cut off must be
 * missed, unless the format may end anywhere.
 */
function isChanged({ seed, bytes, cutAt }: Mutant, { artifacts }: Report, sound: Report): boolean {
  const before = new Set(sound.artifacts.map(({ sha256 }) => sha256))
  const others = artifacts.filter(({ parent, sha256, size }) => parent !== undefined && size > 0 && !before.has(sha256))
  if (cutAt !== undefined && !seed.isOpenEnded) return false
  if (indexOfBytes(bytes, seed.encoded) < 0) return others.length > 0
  return others.some(({ size }) => seed.layers.some(({ length }) => length === size))
}
