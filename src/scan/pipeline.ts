import { REPORT_VERSION, type Detection, type Report } from '../report/index.ts'
import { CrashTable } from './crash-table.ts'
import type { EngineThread, ScanRequest } from './engine-thread.ts'
import { FlatScanner, type FlatParts } from './flat.ts'
import { Tree } from './tree.ts'
import type { TreeHost } from './tree-host.ts'
import { TREE_LIMITS, type TreeLimits } from './limits.ts'
import { Shelf } from './shelf.ts'
import { Planner, type Unpacker } from './unpacker.ts'

// What one thread does with one submission: matches it, takes it apart, and reports.

export interface EngineThreadParts extends FlatParts {
  /** Version of the scanner, for reports. */
  readonly version: string
  /** Absent: nothing is taken apart, and containers are unscannable. */
  readonly unpacker?: Unpacker
  readonly limits?: TreeLimits
}

/** Makes the scanning half of an engine thread. The parts are borrowed for its lifetime. */
export function createEngineThread(parts: EngineThreadParts): EngineThread {
  const { image, window, unpacker, limits = TREE_LIMITS } = parts
  const host: TreeHost = {
    flat: new FlatScanner({ ...parts, readsHeaders: limits.alerts.includes('broken') }),
    window,
    shelf: new Shelf(limits.maxUnpackBytes),
    unpacker,
    planner: new Planner(unpacker?.manifests ?? []),
    limits,
    crashes: new CrashTable(),
  }
  const scanner = {
    name: 'lazaret',
    version: parts.version,
    database: image.generation,
    signatures: image.meta.signatures,
  }
  const scan = (request: ScanRequest, onDetection?: (detection: Detection) => void): Report => {
    const startedAt = parts.ports.now()
    const started = performance.now()
    const tree = new Tree(host, request, onDetection)
    tree.scan()
    const artifacts = tree.artifacts()
    return {
      version: REPORT_VERSION,
      scanner,
      name: request.name,
      startedAt,
      elapsedMs: round(performance.now() - started),
      bytesScanned: tree.bytesMatched,
      verdict: artifacts[0].verdict,
      artifacts,
    }
  }
  return { window, scan }
}

const round = (ms: number): number => Math.round(ms * 1000) / 1000
