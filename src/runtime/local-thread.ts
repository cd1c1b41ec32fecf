import { parentPort } from 'node:worker_threads'
import type { Detection, Report } from '../report/index.ts'
import { ScanFailure } from '../scan/index.ts'
import type { ScanFailureCode } from '../scan/index.ts'
import { scanFile } from './scan-content.ts'
import type { ScanBench } from './scan-content.ts'

// A scanning thread beside a local scan: no sockets, the messages of worker threads are enough.

/** A job for a thread. */
export interface LocalOrder {
  readonly id: number
  readonly name: string
  readonly allMatches: boolean
  readonly maxTimeMs: number
  readonly identity: boolean
  readonly passwords?: readonly string[]
  readonly path?: string
  readonly followLinks?: boolean
  readonly bytes?: Uint8Array
}

/** What a thread says. */
export type LocalAnswer =
  | { readonly ready: true }
  | { readonly id: number; readonly detection: Detection }
  | { readonly id: number; readonly report: Report }
  | { readonly id: number; readonly code: ScanFailureCode; readonly message: string }

/** Scans one job on the thread that calls. @throws ScanFailure where it cannot be scanned at all */
export const scanOrder = (bench: ScanBench, order: LocalOrder, onDetection: (detection: Detection) => void): Report => {
  const { name, allMatches, identity, path, bytes } = order
  const passwords = order.passwords === undefined ? {} : { passwords: order.passwords }
  const request = { name, allMatches, identity, ...passwords, deadlineMs: performance.now() + order.maxTimeMs }
  if (path !== undefined) return scanFile(bench, path, request, onDetection, order.followLinks)
  return bench.thread.scan({ ...request, content: bytes ?? new Uint8Array(0) }, onDetection)
}

/** Serves the thread that started this one; returns at once. */
export const serveLocally = (bench: ScanBench): void => {
  const port = parentPort
  if (port === null) throw new Error('this module is started as a thread')
  const tell = (answer: LocalAnswer): void => port.postMessage(answer)
  tell({ ready: true })
  port.on('message', (order: LocalOrder) => {
    const { id } = order
    try {
      tell({ id, report: scanOrder(bench, order, detection => tell({ id, detection })) })
    } catch (error) {
      if (!(error instanceof ScanFailure)) throw error
      tell({ id, code: error.code, message: error.message })
    }
  })
}
