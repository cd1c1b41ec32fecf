import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { BlobEntry, Blobs } from './blobs.ts'
import { asVaultError } from './failures.ts'
import { openFileBlobs } from './files.ts'
import { openKeyRing } from './keys.ts'
import { openS3Blobs, type S3Options } from './s3.ts'
import { EncryptedVault } from './vault.ts'

export interface OpenVaultOptions {
  /** A folder, or a bucket. */
  readonly place: string | S3Options
  /** Where the master keys are. */
  readonly keyFile: string
  /** True for the server that owns the place: it removes what a crash has left, and goes on with a rotation. */
  readonly owner: boolean
  readonly chunkLog2?: number
  readonly log?: (line: string) => void
}

/** The key file of a data directory. */
export const vaultKeyFile = (data: string): string => join(data, 'vault.keys')

/** @throws UseCaseError storage-full, internal with what is wrong with place or key file */
export async function openVault({ place, keyFile, owner, ...rest }: OpenVaultOptions): Promise<EncryptedVault> {
  try {
    const blobs = typeof place === 'string' ? await openFileBlobs(place) : await openS3Blobs(place)
    const keys = await openKeyRing(keyFile, { mayMake: await isEmpty(blobs) })
    const vault = new EncryptedVault({ blobs, keys, ...rest })
    if (owner) {
      await blobs.clean()
      vault.resume()
    }
    return vault
  } catch (error) {
    throw asVaultError(error)
  }
}

/** A vault as `doctor` sees it; nothing is made or changed. */
export interface VaultInspection {
  readonly state: 'ok' | 'absent' | 'failed'
  readonly detail: string
}

export async function inspectVault({
  place,
  keyFile,
}: Pick<OpenVaultOptions, 'place' | 'keyFile'>): Promise<VaultInspection> {
  if (typeof place === 'string' && !existsSync(place)) return { state: 'absent', detail: 'a server makes it' }
  try {
    const blobs = typeof place === 'string' ? await openFileBlobs(place) : await openS3Blobs(place)
    const isNew = !existsSync(keyFile) && (await isEmpty(blobs))
    if (isNew) return { state: 'absent', detail: 'there is neither content nor a key file yet' }
    const { id } = await (await openKeyRing(keyFile, { mayMake: false })).current()
    const free = await blobs.freeBytes()
    return { state: 'ok', detail: `key ${id}${free === undefined ? '' : `, ${(free / 1e9).toFixed(1)} GB free`}` }
  } catch (error) {
    return { state: 'failed', detail: error instanceof Error ? error.message : String(error) }
  }
}

/** New keys for old contents would lose them. */
async function isEmpty(blobs: Blobs): Promise<boolean> {
  const first = async (entries: AsyncIterable<BlobEntry>): Promise<boolean> => {
    for await (const _ of entries) return true
    return false
  }
  return !(await first(blobs.list('store'))) && !(await first(blobs.list('intake')))
}
