import { describe, expect, it } from 'vitest'
import { POLICY, type UseCaseName } from '../usecases/index.ts'
import { ACCOUNT_SERVES } from './commands/account.ts'
import { AUDIT_SERVES } from './commands/audit.ts'
import { SEARCH_SERVES } from './commands/search.ts'
import { VAULT_SERVES } from './commands/vault.ts'
import { REST_SERVES } from '../services/rest/index.ts'
import { RECORDING_SERVES } from './recording.ts'

// Every use case, and the doors through which it is reachable. A door says itself what it serves.

const DOORS: Readonly<Record<string, readonly UseCaseName[]>> = {
  'lazaret search': SEARCH_SERVES,
  'lazaret account': ACCOUNT_SERVES,
  'lazaret audit': AUDIT_SERVES,
  'lazaret vault': VAULT_SERVES,
  'native and clamd, recorded': RECORDING_SERVES,
  REST: REST_SERVES,
}

/** Without a door: none. */
const UNREACHABLE: readonly UseCaseName[] = []

describe('the doors', () => {
  it('every use case is reachable, or known not to be', () => {
    const served = new Set(Object.values(DOORS).flat())
    const missing = (Object.keys(POLICY) as UseCaseName[]).filter(name => !served.has(name))
    expect(missing).toEqual(UNREACHABLE)
  })

  it('no door serves what does not exist, or one thing twice', () => {
    for (const serves of Object.values(DOORS)) {
      expect(new Set(serves).size).toBe(serves.length)
      for (const name of serves) expect(POLICY).toHaveProperty(name)
    }
  })
})
