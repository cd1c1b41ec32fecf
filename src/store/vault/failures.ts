import { UseCaseError } from '../../usecases/index.ts'
import { DamageError, MissingKeyError } from './format.ts'

// What disks, object stores and damaged files refuse, in the words of the use cases.

/** No room: on the disk, by quota, or by the largest file that the file system has. */
const FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'QuotaExceeded', 'XMinioStorageFull', 'InsufficientStorage'])

export function asVaultError(error: unknown, what = 'the vault'): UseCaseError {
  if (error instanceof UseCaseError) return error
  const options = { cause: error }
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
  if (FULL.has(code)) return new UseCaseError('storage-full', { detail: 'the vault' }, options)
  const detail = error instanceof Error ? error.message : String(error)
  if (error instanceof DamageError) {
    return new UseCaseError('internal', { detail: `${what} is damaged in the vault: ${detail}` }, options)
  }
  if (error instanceof MissingKeyError) {
    return new UseCaseError(
      'internal',
      { detail: `${what} cannot be decrypted: ${detail}; put the key file back from its backup` },
      options,
    )
  }
  return new UseCaseError('internal', { detail: `vault: ${detail}` }, options)
}
