import { Writer } from '../../bytes/index.ts'

// Builder of winmail.dat, so that tests can make them. Not for production.

export type MapiValue = {
  readonly id: number
  readonly type: number
  readonly value: Uint8Array | number
  readonly named?: string
}

export interface TnefRecipe {
  readonly properties?: readonly MapiValue[]
  readonly attachments?: readonly {
    readonly title?: string
    readonly data?: Uint8Array
    readonly properties?: readonly MapiValue[]
  }[]
}

const latin = (text: string): Uint8Array => Uint8Array.from(text, char => char.charCodeAt(0))
const utf16 = (text: string): Uint8Array =>
  Uint8Array.from({ length: text.length * 2 }, (_, i) => (text.charCodeAt(i >> 1) >> (8 * (i & 1))) & 0xff)

const VARIABLE = new Set([0x0d, 0x1e, 0x1f, 0x102])

/** A list of MAPI properties as an attribute carries it. */
function mapi(values: readonly MapiValue[]): Uint8Array {
  const out = new Writer().u32(values.length)
  for (const { id, type, value, named } of values) {
    out.u16(type).u16(id)
    if (named !== undefined) {
      const name = utf16(`${named}\0`)
      out.bytes(new Uint8Array(16)).u32(1).u32(name.length).bytes(name).align(4)
    } else if (id >= 0x8000) out.bytes(new Uint8Array(16)).u32(0).u32(7)
    if (typeof value === 'number') out.u32(value)
    else if (VARIABLE.has(type)) out.u32(1).u32(value.length).bytes(value).align(4)
    else out.bytes(value)
  }
  return out.finish()
}

export function buildTnef({ properties, attachments = [] }: TnefRecipe): Uint8Array {
  const out = new Writer().u32(0x223e9f78).u16(1)
  const attribute = (level: number, id: number, type: number, data: Uint8Array): void => {
    out.u8(level).u16(id).u16(type).u32(data.length).bytes(data)
    out.u16(data.reduce((sum, byte) => (sum + byte) & 0xffff, 0))
  }
  attribute(1, 0x9006, 8, Uint8Array.of(0, 0, 1, 0))
  if (properties !== undefined) attribute(1, 0x9003, 6, mapi(properties))
  for (const { title, data, properties: own } of attachments) {
    attribute(2, 0x9002, 6, new Uint8Array(14))
    if (title !== undefined) attribute(2, 0x8010, 1, latin(`${title}\0`))
    if (data !== undefined) attribute(2, 0x800f, 6, data)
    if (own !== undefined) attribute(2, 0x9005, 6, mapi(own))
  }
  return out.finish()
}
