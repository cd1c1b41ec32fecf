/** The one error that readers of this house throw: a field that does not fit the bytes that are there. */
export class ParseError extends Error {
  /** Name of the field as the format's specification calls it. */
  readonly field: string
  /** Offset in bytes from the start of the content that was being read. */
  readonly offset: number
  /** Bytes the field needs. */
  readonly need: number
  /** Bytes there are from `offset` on; may be negative where `offset` lies outside. */
  readonly have: number

  constructor(field: string, offset: number, need: number, have: number) {
    super(`${field} at offset ${offset} needs ${need} bytes, there are ${have}`)
    this.name = 'ParseError'
    this.field = field
    this.offset = offset
    this.need = need
    this.have = have
  }
}
