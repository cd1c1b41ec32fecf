import { zip } from '../../formats/index.ts'
import type { CryptoPort } from '../../scan/index.ts'

/** Keys that are derived for AES at most; one costs about a millisecond. */
const MAX_DERIVATIONS = 4000
/** Bytes that are decrypted in vain with wrong passwords that passed the weak check of the classic encryption. */
const MAX_VAIN_BYTES = 1 << 30

/** Tries passwords, the one that opened the last member first. */
export class Passwords {
  readonly #crypto: CryptoPort
  readonly #passwords: string[]
  /** Those that opened something. */
  readonly #known = new Set<string>()
  #derivations = 0
  #vainBytes = 0

  constructor(passwords: readonly string[], crypto: CryptoPort) {
    this.#crypto = crypto
    this.#passwords = [...new Set([...passwords, ''])]
  }

  /**
   * Opens the data of a member.
   * @param accepts - looks at what a password opened where the encryption itself proves nothing
   */
  open(
    data: Uint8Array,
    reading: zip.Reading,
    accepts: (opened: Uint8Array) => boolean,
  ):
    | { readonly data: Uint8Array; readonly password: string; readonly isProven: boolean; readonly isNews: boolean }
    | undefined {
    for (const [i, password] of this.#passwords.entries())
      for (const bytes of encodings(password)) {
        if (reading.encryption === 'aes' && ++this.#derivations > MAX_DERIVATIONS) return undefined
        if (this.#vainBytes > MAX_VAIN_BYTES) return undefined
        const opened = zip.open({ data, reading }, bytes, this.#crypto)
        if (opened === undefined) continue
        // Strong encryption has checked the password by a checksum of its own.
        if (opened.isProven || reading.encryption === 'strong' || accepts(opened.data)) {
          this.#passwords.splice(i, 1)
          this.#passwords.unshift(password)
          const isNews = !this.#known.has(password)
          this.#known.add(password)
          return { ...opened, password, isNews }
        }
        this.#vainBytes += data.length
      }
    return undefined
  }
}

/** UTF-8, and what DOS and Windows programs of the West make of it where that differs. */
function* encodings(password: string): Generator<Uint8Array> {
  const utf8 = new TextEncoder().encode(password)
  yield utf8
  if (utf8.length === password.length) return
  const codes = Array.from(password, character => character.codePointAt(0) ?? 0)
  if (codes.every(code => code < 256)) yield Uint8Array.from(codes)
}
