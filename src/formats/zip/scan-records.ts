import {
  CENTRAL_SIGNATURE,
  DESCRIPTOR_SIGNATURE,
  END64_SIGNATURE,
  END_SIGNATURE,
  EXTRA_DATA_SIGNATURE,
  LOCAL_SIGNATURE,
} from './records.ts'

/** Records of one kind that are kept; a sound archive with more members than this is beyond every budget. */
const MAX_RECORDS = 1 << 20

/** Offsets of everything that looks like a record, ascending. Most inside compressed or stored data are accidents. */
export interface Places {
  readonly locals: number[]
  readonly centrals: number[]
  readonly ends: number[]
  readonly ends64: number[]
  readonly descriptors: number[]
  /** Archive extra data: the directory is encrypted. */
  readonly extraData: number[]
  /** More than MAX_RECORDS of a kind: those behind are not listed. */
  clipped: boolean
}

/** Looks for the signatures of records in one pass over the archive. */
export function findPlaces(bytes: Uint8Array): Places {
  const places: Places = {
    locals: [],
    centrals: [],
    ends: [],
    ends64: [],
    descriptors: [],
    extraData: [],
    clipped: false,
  }
  const kinds = new Map<number, number[]>([
    [LOCAL_SIGNATURE, places.locals],
    [CENTRAL_SIGNATURE, places.centrals],
    [END_SIGNATURE, places.ends],
    [END64_SIGNATURE, places.ends64],
    [DESCRIPTOR_SIGNATURE, places.descriptors],
    [EXTRA_DATA_SIGNATURE, places.extraData],
  ])
  const last = bytes.length - 4
  for (let at = bytes.indexOf(0x50); at >= 0 && at <= last; at = bytes.indexOf(0x50, at + 1)) {
    if (bytes[at + 1] !== 0x4b || bytes[at + 2] > 8 || bytes[at + 3] > 8) continue
    const kind = kinds.get(0x4b50 | (bytes[at + 2] << 16) | (bytes[at + 3] << 24))
    if (kind === undefined) continue
    if (kind.length < MAX_RECORDS) kind.push(at)
    else places.clipped = true
  }
  return places
}

/** Index of the first element of `sorted` that is not below `value`. */
export function lowerBound(sorted: readonly number[], value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle] < value) low = middle + 1
    else high = middle
  }
  return low
}
