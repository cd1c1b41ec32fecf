/**
 * Why content cannot be taken apart further. A subset of the report's reasons: `malformed` contradicts its format,
 * `encrypted` needs a password that is not there, `unsupported` is something this program does not know,
 * `too-large` goes beyond a limit of the reader itself.
 */
export type ContentFault = 'malformed' | 'encrypted' | 'unsupported' | 'too-large'

/**
 * Thrown by readers and decoders in the middle of content. What they gave before stays valid: a damaged member is what
 * came out of it, and a reason why that is not all.
 */
export class ContentError extends Error {
  readonly reason: ContentFault
  /** Offset in bytes in the input that was being read, where it is known. */
  readonly offset: number | undefined

  /** @param message - one plain sentence: what is wrong with what; no content in it */
  constructor(reason: ContentFault, message: string, offset?: number) {
    super(message)
    this.name = 'ContentError'
    this.reason = reason
    this.offset = offset
  }
}
