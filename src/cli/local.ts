// Scanning without a server: the same matcher, in this process, for one run.

import { keepYoungSmall } from './heap.ts'
import type { Settings } from './options.ts'
import type { Backend } from './scan-run.ts'
import { startLocalScanner } from './scanner.ts'

/** Makes a scanner for this run; its log goes nowhere, its failures become results. */
export const startLocal = (settings: Settings): Promise<Backend> => {
  keepYoungSmall()
  return startLocalScanner({ settings, log: () => {} })
}
