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

/** Of the encoded payload; where these are damaged nothing is left to decode. */
const BEGINNING_BYTES = 64
/** What formats write around encoded bytes. */
const MAX_FRAME_BYTES = 8

/** @param sound - the report about the undamaged seed */
export function judge(one: Mutant, report: Report, sound: Report): Judgement {
  if (report.artifacts.some(isFault)) return 'fault'
  if (report.verdict === 'infected' || report.verdict === 'unscannable') return report.verdict
  if (report.verdict !== 'clean') return 'fault'
  if (report.artifacts[0].type !== sound.artifacts[0].type || lacksKey(one)) return 'unrecognised'
  if (isGone(one)) return 'gone'
  if (one.seed.isCarrier === true && !isWhole(one.seed, one.bytes)) return 'unrecognised'
  return isChanged(one, report, sound) ? 'changed' : 'wrong clean'
}

const isFault = ({ notSeen }: ArtifactReport): boolean => notSeen.some(({ reason }) => reason === 'crashed')

const lacksKey = ({ seed, bytes }: Mutant): boolean => (seed.keys ?? []).some(key => indexOfBytes(bytes, key) < 0)

/** The beginning of the encoded payload is not in the file any more: no decoder starts in the middle. */
const isGone = ({ seed, bytes }: Mutant): boolean => indexOfBytes(bytes, seed.encoded.subarray(0, BEGINNING_BYTES)) < 0

/**
 * Where the encoded payload is whole, only content of the payload's size, or of what lies around it, with other bytes
 * tells that it was read; where it is damaged, any content that the seed does not have. What is only cut off must be
 * missed, unless the format may end anywhere.
 */
function isChanged({ seed, bytes, cutAt }: Mutant, { artifacts }: Report, sound: Report): boolean {
  const before = new Set(sound.artifacts.map(({ sha256 }) => sha256))
  const others = artifacts.filter(({ parent, sha256, size }) => parent !== undefined && size > 0 && !before.has(sha256))
  if (cutAt !== undefined && !seed.isOpenEnded) return false
  if (!isWhole(seed, bytes)) return others.length > 0
  // Or the encoded bytes came out as they are: the container says that they are stored.
  const isStored = (size: number) => size >= seed.encoded.length && size <= seed.encoded.length + MAX_FRAME_BYTES
  return others.some(({ size }) => isStored(size) || seed.layers.some(({ length }) => length === size))
}

/** The encoded payload stands where it stood, or as much further on as the file became longer. */
function isWhole({ encoded, bytes: before }: Seed, bytes: Uint8Array): boolean {
  const at = indexOfBytes(before, encoded)
  const places = [at, at + bytes.length - before.length]
  return places.some(place => place >= 0 && indexOfBytes(bytes.subarray(place, place + encoded.length), encoded) === 0)
}
