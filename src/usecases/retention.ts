import { UseCaseError } from './errors.ts'
import { dropContents } from './keeping.ts'
import type { Runtime } from './parts.ts'
import type { RetentionOutcome, RetentionRules } from './use-cases.ts'

// What is deleted when: rules in the ledger, so that all servers have the same.

const SETTING = 'retention'
const PART = 500
const RULES = ['cleanDays', 'findingsDays', 'failedDays', 'contentDays', 'auditDays', 'statisticsDays'] as const
const MAX_DAYS = 36_500
/** Failed scans hold their content as dead letters; they are not kept for ever. */
const DEFAULT_RULES: RetentionRules = { failedDays: 30 }
/** An intake without a job that is older than this is the rest of a crash. */
const INTAKE_GRACE_MS = 6 * 3_600_000

export async function retentionRules({ ledger }: Pick<Runtime, 'ledger'>): Promise<RetentionRules> {
  const stored = await ledger.setting(SETTING)
  return stored === undefined ? DEFAULT_RULES : (JSON.parse(stored) as RetentionRules)
}

/** @throws UseCaseError invalid-input */
export async function setRetentionRules(
  { ledger }: Pick<Runtime, 'ledger'>,
  rules: RetentionRules,
): Promise<RetentionRules> {
  const checked: { -readonly [K in keyof RetentionRules]: RetentionRules[K] } = {}
  for (const name of RULES) {
    const days = rules[name]
    if (days === undefined) continue
    if (!Number.isFinite(days) || days < 0 || days > MAX_DAYS)
      throw new UseCaseError('invalid-input', { detail: `${name} must be from 0 to ${MAX_DAYS}`, where: `/${name}` })
    checked[name] = days
  }
  await ledger.setSetting(SETTING, JSON.stringify(checked))
  return checked
}

/** Deletes all that is due, in parts, so that nothing else waits long. */
export async function applyRetention(runtime: Runtime): Promise<RetentionOutcome> {
  const { ledger, clock } = runtime
  const rules = await retentionRules(runtime)
  const sum = { scans: 0, samples: 0, contents: 0, auditEntries: 0, statisticsRows: 0 }
  for (let more = true; more;) {
    const swept = await ledger.sweep(rules, clock.now(), PART)
    await dropContents(runtime, swept)
    sum.scans += swept.scans
    sum.samples += swept.samples
    sum.contents += swept.contents.length
    sum.auditEntries += swept.auditEntries
    sum.statisticsRows += swept.statisticsRows
    ;({ more } = swept)
  }
  return sum
}

/** Removes from the intake what no job owns. @returns how many */
export async function cleanIntake({
  ledger,
  vault,
  clock,
}: Pick<Runtime, 'ledger' | 'vault' | 'clock'>): Promise<number> {
  let removed = 0
  const part: string[] = []
  const flush = async (): Promise<void> => {
    const owned = new Set(await ledger.ownsIntake(part))
    for (const intake of part.splice(0)) {
      if (owned.has(intake)) continue
      await vault.discard(intake)
      removed++
    }
  }
  for await (const intake of vault.listIntakes(clock.now() - INTAKE_GRACE_MS))
    if (part.push(intake) >= PART) await flush()
  if (part.length > 0) await flush()
  return removed
}
