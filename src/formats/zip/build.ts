import { Writer } from '../../bytes/index.ts'
import { crc32 } from '../../codecs/index.ts'
import {
  CENTRAL_SIGNATURE,
  DESCRIPTOR_SIGNATURE,
  END64_SIGNATURE,
  END_SIGNATURE,
  LOCAL_SIGNATURE,
  LOCATOR_SIGNATURE,
} from './records.ts'

// Builds ZIP archives, sound ones and lies: every field of every record may be given.

/** Fields of local header and directory entry; what is not given is right. */
export interface RecordFields {
  readonly signature?: number
  readonly name?: string | Uint8Array
  readonly flags?: number
  readonly method?: number
  readonly time?: number
  readonly crc?: number
  readonly packed?: number
  readonly unpacked?: number
  readonly extra?: Uint8Array
  /** Only in the directory. */
  readonly madeBy?: number
  readonly disk?: number
  readonly attributes?: number
  readonly offset?: number
  readonly comment?: Uint8Array
}

export interface MemberRecipe extends RecordFields {
  readonly content: string | Uint8Array
  /** The compressed content; default: as it is. */
  readonly data?: Uint8Array
  readonly local?: RecordFields
  readonly central?: RecordFields
  /** Goes behind the data as it is. */
  readonly descriptor?: Uint8Array
}

export interface EndFields {
  readonly signature?: number
  readonly disk?: number
  readonly count?: number
  readonly total?: number
  readonly size?: number
  readonly offset?: number
  readonly comment?: Uint8Array
  readonly commentSize?: number
}

export const text = (value: string | Uint8Array): Uint8Array =>
  typeof value === 'string' ? new TextEncoder().encode(value) : value

export function concat(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Writer()
  for (const part of parts) out.bytes(part)
  return out.finish()
}

function resolve(member: MemberRecipe, lies: RecordFields | undefined) {
  const content = text(member.content)
  return {
    name: '',
    flags: 0,
    method: 0,
    time: 0,
    crc: crc32(content),
    packed: (member.data ?? content).length,
    unpacked: content.length,
    extra: new Uint8Array(0),
    madeBy: 20,
    disk: 0,
    attributes: 0,
    comment: new Uint8Array(0),
    ...member,
    ...lies,
  }
}

/** Local header, data and descriptor. */
export function localRecord(member: MemberRecipe): Uint8Array<ArrayBuffer> {
  const { signature, flags, method, time, crc, packed, unpacked, extra, name } = resolve(member, member.local)
  const bytes = text(name)
  return new Writer()
    .u32(signature ?? LOCAL_SIGNATURE)
    .u16(20)
    .u16(flags)
    .u16(method)
    .u16(time)
    .u16(0x21)
    .u32(crc)
    .u32(packed)
    .u32(unpacked)
    .u16(bytes.length)
    .u16(extra.length)
    .bytes(bytes)
    .bytes(extra)
    .bytes(member.data ?? text(member.content))
    .bytes(member.descriptor ?? new Uint8Array(0))
    .finish()
}

export function centralRecord(member: MemberRecipe, at: number): Uint8Array<ArrayBuffer> {
  const fields = resolve(member, member.central)
  const bytes = text(fields.name)
  return new Writer()
    .u32(fields.signature ?? CENTRAL_SIGNATURE)
    .u16(fields.madeBy)
    .u16(20)
    .u16(fields.flags)
    .u16(fields.method)
    .u16(fields.time)
    .u16(0x21)
    .u32(fields.crc)
    .u32(fields.packed)
    .u32(fields.unpacked)
    .u16(bytes.length)
    .u16(fields.extra.length)
    .u16(fields.comment.length)
    .u16(fields.disk)
    .u16(0)
    .u32(fields.attributes)
    .u32(fields.offset ?? at)
    .bytes(bytes)
    .bytes(fields.extra)
    .bytes(fields.comment)
    .finish()
}

export function endRecord(count: number, size: number, offset: number, lies: EndFields = {}): Uint8Array<ArrayBuffer> {
  const comment = lies.comment ?? new Uint8Array(0)
  return new Writer()
    .u32(lies.signature ?? END_SIGNATURE)
    .u16(lies.disk ?? 0)
    .u16(lies.disk ?? 0)
    .u16(lies.count ?? count)
    .u16(lies.total ?? lies.count ?? count)
    .u32(lies.size ?? size)
    .u32(lies.offset ?? offset)
    .u16(lies.commentSize ?? comment.length)
    .bytes(comment)
    .finish()
}

/** Zip64 end record; `tail` is its extensible data. */
export function end64Record(
  count: number,
  size: number,
  offset: number,
  tail: Uint8Array = new Uint8Array(0),
): Uint8Array<ArrayBuffer> {
  return new Writer()
    .u32(END64_SIGNATURE)
    .u64(44 + tail.length)
    .u16(45)
    .u16(45)
    .u32(0)
    .u32(0)
    .u64(count)
    .u64(count)
    .u64(size)
    .u64(offset)
    .bytes(tail)
    .finish()
}

export const locatorRecord = (at: number): Uint8Array<ArrayBuffer> =>
  new Writer().u32(LOCATOR_SIGNATURE).u32(0).u64(at).u32(1).finish()

/** Data descriptor with 32- or 64-bit sizes. */
export function descriptorRecord(
  crc: number,
  packed: number,
  unpacked: number,
  { isSigned = true, width = 4 } = {},
): Uint8Array<ArrayBuffer> {
  const out = new Writer()
  if (isSigned) out.u32(DESCRIPTOR_SIGNATURE)
  return out.u32(crc).uint(width, packed).uint(width, unpacked).finish()
}

/** One block of an extra field. */
export const extraBlock = (id: number, data: Uint8Array): Uint8Array<ArrayBuffer> =>
  new Writer().u16(id).u16(data.length).bytes(data).finish()

/** Members, directory and end; offsets are those from the start of what is returned plus `base`. */
export function buildZip(members: readonly MemberRecipe[], end: EndFields = {}, base = 0): Uint8Array<ArrayBuffer> {
  const out = new Writer()
  const places = members.map(member => {
    const at = out.length
    out.bytes(localRecord(member))
    return at + base
  })
  const directory = out.length
  for (const [i, member] of members.entries()) out.bytes(centralRecord(member, places[i]))
  return out.bytes(endRecord(members.length, out.length - directory, directory + base, end)).finish()
}
