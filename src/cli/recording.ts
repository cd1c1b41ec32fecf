// Scans of doors that speak to the scanner alone, recorded: the same interface, by way of the use cases.

import type { ScanEvent, ScanJob, Scanner } from '../scan/index.ts'
import { SCAN_FAILURES, ScanFailure, type ScanFailureCode } from '../scan/index.ts'
import { UseCaseError, type Principal, type ScanUpdate, type UseCaseName, type UseCases } from '../usecases/index.ts'

export const RECORDING_SERVES = ['scan'] as const satisfies readonly UseCaseName[]

/** A scanner whose every scan becomes a record. @param door - whose scans they are */
export function recording(scanner: Scanner, useCases: Pick<UseCases, 'scan'>, door: 'native' | 'clamd'): Scanner {
  const principal: Principal = { account: 'local', name: door, role: 'submitter', address: '', door }
  return {
    scan: job => scanned(useCases, principal, job),
    status: () => scanner.status(),
    reload: () => scanner.reload(),
    close: () => scanner.close(),
  }
}

async function scanned(
  useCases: Pick<UseCases, 'scan'>,
  principal: Principal,
  { name, content, options, signal, onEvent }: ScanJob,
): ReturnType<Scanner['scan']> {
  const { allMatches, maxTimeMs, passwords } = options
  try {
    const { report, scan } = await useCases.scan(principal, {
      name,
      content,
      options: {
        allMatches,
        ...(maxTimeMs === undefined ? {} : { maxTimeMs }),
        ...(passwords === undefined ? {} : { passwords }),
      },
      ...(signal === undefined ? {} : { signal }),
      ...(onEvent === undefined ? {} : { onUpdate: update => tell(onEvent, update) }),
    })
    if (report === undefined) throw failureOf(scan.problem?.code ?? 'internal', scan.problem?.message)
    return report
  } catch (error) {
    if (!(error instanceof UseCaseError)) throw error
    // What the scanner itself said is passed on as it was.
    if (error.cause instanceof ScanFailure) throw error.cause
    throw failureOf(error.code, error.detail, error.retryAfterMs)
  }
}

const OF_USE_CASES: Readonly<Record<string, ScanFailureCode>> = {
  'too-large': 'stream-too-large',
  'quota-exceeded': 'busy',
}

function failureOf(code: string, detail?: string, retryAfterMs?: number): ScanFailure {
  const known = Object.hasOwn(SCAN_FAILURES, code) ? (code as ScanFailureCode) : (OF_USE_CASES[code] ?? 'internal')
  return new ScanFailure(known, detail, retryAfterMs)
}

function tell(onEvent: (event: ScanEvent) => void, update: ScanUpdate): void {
  if (update.event === 'progress') onEvent(update)
  if (update.event === 'detection') onEvent({ event: 'detection', detection: update.detection })
}
