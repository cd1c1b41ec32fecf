import { setTimeout as sleep } from 'node:timers/promises'
import { CLAMD_RESULTS } from '../../protocol/index.ts'
import type { ClamdCommand } from '../../protocol/index.ts'
import { ScanFailure } from '../../scan/index.ts'
import type { ContentSource, ScanOptions } from '../../scan/index.ts'
import type { ClamdHost } from './host.ts'
import { contentAt, inspectPath, isTellable, shownPath, walkFolder } from './paths.ts'
import type { Unscannable } from './paths.ts'
import { clamdResults, failureResult, isFound } from './verdicts.ts'

// SCAN, CONTSCAN, MULTISCAN and ALLMATCHSCAN: what each says about a file and about a folder.

/** Says one result of one path or stream. */
export type SayResult = (name: string, result: string) => void

interface FolderRule {
  /** End at the first file that something was found in. */
  readonly stopAtFound: boolean
  readonly allMatches: boolean
  /** Say nothing at all about a folder without files. */
  readonly silentWhenEmpty: boolean
}

const RULES = {
  SCAN: { stopAtFound: true, allMatches: false, silentWhenEmpty: false },
  ALLMATCHSCAN: { stopAtFound: true, allMatches: true, silentWhenEmpty: false },
  CONTSCAN: { stopAtFound: false, allMatches: false, silentWhenEmpty: false },
  MULTISCAN: { stopAtFound: false, allMatches: false, silentWhenEmpty: true },
} as const satisfies Record<string, FolderRule>
export type PathCommandName = keyof typeof RULES

/** True for the commands that take a path. */
export const isPathCommand = (name: string): name is PathCommandName => Object.hasOwn(RULES, name)

/** How often a file of a folder is offered to a scanner that is busy, and after how long at the latest. */
const MAX_BUSY_TRIES = 100
const MAX_BUSY_WAIT_MS = 1000

interface Submission {
  readonly name: string
  readonly content: ContentSource
  readonly allMatches: boolean
  readonly signal: AbortSignal
}

// The dialect shows no digests.
const EVERY_MATCH = { allMatches: true, identity: false } as const
const FIRST_MATCH = { allMatches: false, identity: false } as const
const optionsOf = (allMatches: boolean): ScanOptions => (allMatches ? EVERY_MATCH : FIRST_MATCH)

/** Scans one submission. @returns its results, without its name; never rejects */
export const scanOne = async (host: ClamdHost, submission: Submission): Promise<string[]> => {
  const { name, content, allMatches, signal } = submission
  try {
    const report = await host.scanner.scan({ name, content, options: optionsOf(allMatches), signal })
    return clamdResults(report, allMatches, host.lax)
  } catch (error) {
    return [failureResult(error, host.log)]
  }
}

/** A file of a folder: unlike a client that asks for one file, a walk can wait until the scanner has room. */
const scanPatiently = async (host: ClamdHost, submission: Submission): Promise<string[]> => {
  const { name, content, allMatches, signal } = submission
  for (let tries = 1; ; tries++) {
    try {
      const report = await host.scanner.scan({ name, content, options: optionsOf(allMatches), signal })
      return clamdResults(report, allMatches, host.lax)
    } catch (error) {
      const busy = error instanceof ScanFailure && error.code === 'busy' && !('stream' in content)
      if (!busy || tries >= MAX_BUSY_TRIES || signal.aborted) return [failureResult(error, host.log)]
      await sleep(Math.min(MAX_BUSY_WAIT_MS, error.retryAfterMs ?? MAX_BUSY_WAIT_MS), undefined, { ref: false })
    }
  }
}

const textOf = (path: string): string => Buffer.from(path, 'latin1').toString('utf8')

/** Carries out a command that names a path; resolves when all is said. Never rejects. */
export const scanPath = async (
  host: ClamdHost,
  command: ClamdCommand & { readonly name: PathCommandName },
  signal: AbortSignal,
  say: SayResult,
): Promise<void> => {
  const path = shownPath(command.argument)
  const { followLinks } = host
  const { allMatches } = RULES[command.name]
  let refusal: unknown
  // Almost every path is a file: the engine looks at it anyway, and a look from here costs more than all else here.
  if (isTellable(path)) {
    try {
      const content = { path: textOf(path), followLinks }
      const report = await host.scanner.scan({ name: content.path, content, options: optionsOf(allMatches), signal })
      for (const result of clamdResults(report, allMatches, host.lax)) say(path, result)
      return
    } catch (error) {
      refusal = error
    }
  }
  const found = await inspectPath(path, followLinks)
  if (found.kind === 'file') {
    const results =
      refusal === undefined
        ? await scanOne(host, { name: textOf(path), content: contentAt(path, followLinks), allMatches, signal })
        : [failureResult(refusal, host.log)]
    for (const result of results) say(path, result)
  } else if (found.kind === 'folder') {
    await scanFolder(host, RULES[command.name], path, signal, say)
  } else {
    sayUnscannable(host, path, found, say)
  }
}

const sayUnscannable = (host: ClamdHost, path: string, found: Unscannable, say: SayResult): void => {
  // clamd says OK for a link that it does not follow, and OK again after the error for a device.
  if (found.kind !== 'link' || !host.lax) say(path, found.result)
  if (found.kind !== 'error' && host.lax) say(path, CLAMD_RESULTS.ok)
}

const scanFolder = async (
  host: ClamdHost,
  rule: FolderRule,
  folder: string,
  signal: AbortSignal,
  say: SayResult,
): Promise<void> => {
  const { stopAtFound, allMatches, silentWhenEmpty } = rule
  const parallel = stopAtFound ? 1 : host.limits.maxParallel
  const running = new Set<Promise<void>>()
  let files = 0
  let found = 0
  let errors = 0
  const note = (path: string, results: readonly string[]): void => {
    for (const result of results) {
      if (result === CLAMD_RESULTS.ok) continue
      if (isFound(result)) found++
      else errors++
      say(path, result)
    }
  }
  for await (const { path, result } of walkFolder(folder, host.limits.maxFolderDepth)) {
    if (signal.aborted || (stopAtFound && found > 0)) break
    if (result !== undefined) {
      note(path, [result])
      continue
    }
    files++
    const submission = { name: textOf(path), content: contentAt(path, false), allMatches, signal }
    const scan: Promise<void> = scanPatiently(host, submission).then(results => {
      running.delete(scan)
      note(path, results)
    })
    running.add(scan)
    if (running.size >= parallel) await Promise.race(running)
  }
  await Promise.all(running)
  if (found > 0 || (errors > 0 && !host.lax) || (silentWhenEmpty && files === 0)) return
  say(folder, CLAMD_RESULTS.ok)
}
