// Scanning without a server: the same engine, for one run.

import type { Settings } from './options.ts'
import type { Backend } from './scan-run.ts'
import { startScanner } from './scanner.ts'

/** Starts an engine for this run; its log goes nowhere, its failures become results. */
export const startLocal = (settings: Settings): Promise<Backend> => startScanner({ settings, log: () => {} })
