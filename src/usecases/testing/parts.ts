import { systemClock, systemHashes, systemRandom } from '../../store/host.ts'
import type { AccountUseCases } from '../accounts.ts'
import type { Ledger } from '../ports/ledger.ts'
import { USE_CASE_LIMITS } from '../limits.ts'
import type { Parts } from '../parts.ts'
import type { Principal, Role } from '../policy.ts'
import { fakeScanner, type FakeScanner } from './fake-scanner.ts'
import { memoryVault, type MemoryVault } from './memory-vault.ts'

// The parts of a server for tests: everything real but the scanner and the vault.

export const principal = (role: Role | undefined, account = 'local'): Principal => ({
  account,
  name: account,
  role,
  address: '127.0.0.1',
  door: 'rest',
})

export interface TestParts extends Parts {
  readonly scanner: FakeScanner
  readonly vault: MemoryVault
  readonly audits: string[]
}

export function testParts(ledger: Ledger, more: Partial<Parts> = {}): TestParts {
  const audits: string[] = []
  return {
    ledger,
    accounts: {} as AccountUseCases,
    quota: { charge: () => Promise.resolve(() => {}) },
    audit: {
      record(who, action, target, outcome) {
        audits.push(`${who.account} ${action} ${target} ${outcome}`)
        return Promise.resolve()
      },
    },
    // What is done again after seconds is done after some milliseconds here.
    clock: { now: () => Date.now(), after: (delayMs, call) => systemClock.after(delayMs / 20, call) },
    random: systemRandom,
    hashes: systemHashes,
    log: () => {},
    limits: USE_CASE_LIMITS,
    version: '0.1.0',
    notifyKey: 'server key',
    ...more,
    scanner: fakeScanner(),
    vault: memoryVault(),
    audits,
  }
}
