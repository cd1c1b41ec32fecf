// Symbian installation packages, before version 9 (SIS) and from then on (SISX).
import { u32le } from '../../bytes/index.ts'
import { readSisx } from './read-sisx.ts'
import { readSis } from './read.ts'
import type { SisFile } from './read.ts'

export type { SisFile } from './read.ts'

const SISX_UID = 0x1020_1a7a

/**
 * The files of a package of either kind; answers where the data of files begins, if that is known.
 * @throws ParseError, ContentError
 */
export function readSisPackage(bytes: Uint8Array): Generator<SisFile, number | void, void> {
  return u32le(bytes, 0) === SISX_UID ? readSisx(bytes) : readSis(bytes)
}
