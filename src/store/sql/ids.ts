// Inside, a scan is named by `seq`: the first 64 bits of its UUIDv7 without the version, as one integer.

const EPOCH_MS = Date.UTC(2020, 0, 1)
/** Counter of a UUIDv7 (usecases/ids.ts). Times fit into 2^53 until 2089. */
const PER_MS = 4096

/** The seq of an id. */
export const seqOf = (id: string): number =>
  (Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) - EPOCH_MS) * PER_MS + Number.parseInt(id.slice(15, 18), 16)

/** The first seq of a millisecond. */
export const seqOfTime = (ms: number): number => (Math.ceil(ms) - EPOCH_MS) * PER_MS

export const timeOfSeq = (seq: number): number => Math.floor(seq / PER_MS) + EPOCH_MS

/** The eight bytes of an id that seq does not hold. */
export const tailOf = (id: string): Uint8Array => Buffer.from(id.slice(19, 23) + id.slice(24), 'hex')

export function idOf(seq: number, tail: Uint8Array): string {
  const time = timeOfSeq(seq).toString(16).padStart(12, '0')
  const rest = bytesToHex(tail)
  const counter = (((seq % PER_MS) + PER_MS) % PER_MS).toString(16).padStart(3, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${counter}-${rest.slice(0, 4)}-${rest.slice(4)}`
}

export const uuidToBytes = (id: string): Uint8Array => Buffer.from(id.replaceAll('-', ''), 'hex')

export function bytesToUuid(bytes: Uint8Array): string {
  const hex = bytesToHex(bytes)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

export const hexToBytes = (hex: string): Uint8Array => Buffer.from(hex, 'hex')
export const bytesToHex = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
