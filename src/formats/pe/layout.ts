import type { ExecutableLayout } from '../types.ts'
import { readPeHeader } from './header.ts'
import { readVersionInfoOffsets } from './version-info.ts'

/** Layout of a PE32 or PE32+ file; undefined where the header cannot be read. Borrows `content` for version info. */
export function readPe(content: Uint8Array): ExecutableLayout | undefined {
  const header = readPeHeader(content)
  if (header === undefined) return undefined
  let versionInfoOffsets: readonly number[] | undefined
  return {
    format: 'pe',
    is64: header.is64,
    entryPoint: header.entryPoint,
    sections: header.sections,
    get versionInfoOffsets() {
      versionInfoOffsets ??= readVersionInfoOffsets(content, header)
      return versionInfoOffsets
    },
    anomalies: header.anomalies,
  }
}
