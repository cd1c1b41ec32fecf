import type { ScanOptions } from '../scan/index.ts'
import { UseCaseError } from './errors.ts'
import { KEEP_RULES, type KeepRule } from './limits.ts'
import { PRIORITIES, PROFILES } from './nouns.ts'
import type { EffectiveOptions, Priority, RequestOptions } from './nouns.ts'
import type { Hashes } from './ports/host.ts'

// What a submitter asked for, checked and filled in.

const MAX_PASSWORDS = 64
const MAX_PASSWORD_CHARS = 256
const MAX_TIME_MS = 86_400_000
export const MAX_NAME_CHARS = 4096

export interface Resolved {
  readonly options: EffectiveOptions
  readonly passwords: readonly string[]
  readonly priority: Priority | undefined
  readonly reuse: boolean
  /** Equal where the outcome must be equal. */
  readonly optionsKey: string
}

/** @throws UseCaseError invalid-input */
export function resolveOptions(request: RequestOptions, keepByDefault: KeepRule, hashes: Hashes): Resolved {
  const { profile = 'standard', passwords = [], keep = keepByDefault, priority, reuse = true } = request
  check(Object.hasOwn(PROFILES, profile), '/options/profile', `one of ${Object.keys(PROFILES).join(', ')}`)
  check(KEEP_RULES.includes(keep), '/options/keep', `one of ${KEEP_RULES.join(', ')}`)
  check(
    priority === undefined || Object.hasOwn(PRIORITIES, priority),
    '/options/priority',
    `one of ${Object.keys(PRIORITIES).join(', ')}`,
  )
  check(passwords.length <= MAX_PASSWORDS, '/options/passwords', `at most ${MAX_PASSWORDS}`)
  check(
    passwords.every(text => text.length <= MAX_PASSWORD_CHARS),
    '/options/passwords',
    `each at most ${MAX_PASSWORD_CHARS} characters`,
  )
  const base: { allMatches: boolean; maxTimeMs?: number } = PROFILES[profile]
  const maxTimeMs = request.maxTimeMs ?? base.maxTimeMs
  check(
    maxTimeMs === undefined || (maxTimeMs >= 1 && maxTimeMs <= MAX_TIME_MS),
    '/options/maxTimeMs',
    `from 1 to ${MAX_TIME_MS}`,
  )
  const allMatches = request.allMatches ?? base.allMatches
  const outcome = JSON.stringify([allMatches, maxTimeMs ?? null, passwords])
  return {
    options: {
      profile,
      allMatches,
      passwordCount: passwords.length,
      keep,
      ...(maxTimeMs === undefined ? {} : { maxTimeMs }),
    },
    passwords,
    priority,
    reuse,
    optionsKey: hashes.sha256(outcome).slice(0, 16),
  }
}

function check(holds: boolean, where: string, expected: string): void {
  if (!holds) throw new UseCaseError('invalid-input', { detail: `${where} must be ${expected}`, where })
}

/** The same for the scanner. */
export const scanOptions = (options: EffectiveOptions, passwords: readonly string[]): ScanOptions => ({
  allMatches: options.allMatches,
  passwords,
  identity: true,
  ...(options.maxTimeMs === undefined ? {} : { maxTimeMs: options.maxTimeMs }),
})

/** Whether content stays after a scan with this verdict. */
export const isToKeep = (rule: KeepRule, verdict: string): boolean =>
  rule === 'everything' || (rule === 'detections' && verdict !== 'clean' && verdict !== 'trusted')
