import { UseCaseError } from '../../usecases/index.ts'
import type { Packager } from '../../usecases/index.ts'
import { cartOf } from './cart.ts'
import { zipOf, type ZipEncryption } from './zip.ts'

export interface PackagerOptions {
  /** What everybody in the trade tries first; it keeps programs off the content, and is no secret. */
  readonly password?: string
  /** `zipcrypto` for tools that do not know AES. */
  readonly encryption?: ZipEncryption
}

export const DEFAULT_ZIP_PASSWORD = 'infected'

/** Content leaves the server in these archives only. Names in them and of them are digests, never what a submitter wrote. */
export function createPackager(options: PackagerOptions = {}): Packager {
  const { password = DEFAULT_ZIP_PASSWORD, encryption = 'aes' } = options
  return {
    pack(format, { sizeBytes, stream, sha256, sha1, md5 }) {
      if (!/^[0-9a-f]{64}$/.test(sha256)) throw new UseCaseError('invalid-input', { detail: 'no digest' })
      const archive =
        format === 'zip'
          ? zipOf(stream, { name: sha256, sizeBytes, password, encryption })
          : cartOf(stream, { name: sha256, sizeBytes, sha256, sha1, md5 })
      const mediaType = format === 'zip' ? 'application/zip' : 'application/x-cart'
      return { filename: `${sha256}.${format}`, mediaType, stream: archive }
    },
  }
}
