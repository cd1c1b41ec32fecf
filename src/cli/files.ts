// What is to be scanned: the files below the paths on the command line, and standard input among them.

import { stat } from 'node:fs/promises'
import { walk } from '../client/index.ts'
import type { Found } from '../client/index.ts'
import type { Total } from './progress.ts'

/** What stands for standard input among paths. */
export const STDIN = '-'

/** One thing to scan, or one path that cannot be. */
export type Item = Found | { readonly name: string; readonly stdin: true }

/** Everything at and below the paths, in a stable order, until it is told to stop. */
export async function* itemsOf(paths: readonly string[], signal: AbortSignal): AsyncGenerator<Item> {
  for (const path of paths) {
    if (path === STDIN) yield { name: 'stdin', stdin: true }
    else {
      for await (const found of walk([path])) {
        if (signal.aborted) return
        yield found
      }
    }
  }
}

/** Runs ahead of a scan and counts, so that its progress can say how much there is. */
export async function countItems(paths: readonly string[], total: Total, signal: AbortSignal): Promise<void> {
  for await (const item of itemsOf(paths, signal)) {
    total.files++
    // What is gone by now will be an error of the scan itself.
    if ('path' in item)
      total.bytes += await stat(item.path).then(
        ({ size }) => size,
        () => 0,
      )
  }
  total.final = !signal.aborted
}
