// Entry of the process that builds a database image for a server: one request by IPC, one answer, then it ends.

import { buildImage } from './database-build.ts'
import type { BuildOutcome, BuildRequest } from './database-build.ts'
import { DatabaseError } from './database-error.ts'
import type { DatabaseErrorCode } from './database-error.ts'

/** What the process answers. */
export type BuildAnswer =
  | { readonly outcome: BuildOutcome }
  | { readonly code: DatabaseErrorCode; readonly path: string; readonly detail: string }

process.once('message', (request: BuildRequest) => {
  process.send?.(answer(request), undefined, {}, () => process.disconnect())
})
// Without the one who asked there is nobody to build for.
process.once('disconnect', () => process.exit())

function answer(request: BuildRequest): BuildAnswer {
  try {
    return { outcome: buildImage(request) }
  } catch (error) {
    if (error instanceof DatabaseError) return { code: error.code, path: error.path, detail: error.detail }
    return { code: 'database-build-failed', path: request.output, detail: String(error) }
  }
}
