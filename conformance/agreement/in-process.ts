import { TREE_LIMITS } from '../../src/scan/limits.ts'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { imageParts, unload } from '../../src/runtime/image.ts'
import { buildImage, DatabaseError, type BuildOutcome } from '../../src/runtime/index.ts'
import type { EngineThread } from '../../src/scan/index.ts'

/** Lazaret's compiler and engine in this process: for many small databases, where processes would take minutes. */
export interface SmallEngine {
  /** Names of the signatures that match, sorted, without the suffix of unofficial ones. */
  detect(content: Uint8Array): string[]
  /** Lines that were left out, as code and line. */
  readonly problems: BuildOutcome['problems']
  /** No line of the database could be used at all. */
  readonly wasEmpty: boolean
  close(): void
}

/** Compiles the files of a folder. One where nothing can be used detects nothing. */
export function openSmallEngine(folder: string): SmallEngine {
  const files = readdirSync(folder)
    .sort()
    .map(name => ({ path: join(folder, name), name }))
  const output = join(folder, '..', 'image.lzdb')
  let outcome: BuildOutcome
  try {
    outcome = buildImage({ files, output, unwanted: false })
  } catch (error) {
    if (!(error instanceof DatabaseError)) throw error
    return { detect: () => [], problems: [], wasEmpty: true, close: () => undefined }
  }
  const loaded = imageParts.load(output, 1)
  const thread = imageParts.createThread(loaded.shared, 0, { tree: TREE_LIMITS })
  return {
    detect: content => detect(thread, content),
    problems: outcome.problems,
    wasEmpty: false,
    close: () => unload(loaded),
  }
}

function detect(thread: EngineThread, content: Uint8Array): string[] {
  const report = thread.scan({ name: 'content', content, allMatches: true, deadlineMs: Infinity })
  const names = report.artifacts.flatMap(artifact =>
    artifact.detections.map(({ name }) => name.replace(/\.UNOFFICIAL$/, '')),
  )
  return [...new Set(names)].sort()
}
