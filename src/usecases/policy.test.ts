import { describe, expect, it } from 'vitest'
import { guarded } from './guard.ts'
import { UseCaseError } from './errors.ts'
import { isAllowed, POLICY, ROLES, type PolicyName, type Principal, type Role, type Rule } from './policy.ts'
import type { UseCases } from './use-cases.ts'

// The role matrix: every use case through its guard, for every role and for nobody.

const principal = (role: Role | undefined, account = 'a'): Principal => ({
  account,
  name: account,
  role,
  address: '',
  door: 'rest',
})
const NAMES = Object.keys(POLICY) as PolicyName[]

describe('the policy', () => {
  const called: string[] = []
  const audits: string[] = []
  const plain = Object.fromEntries(
    NAMES.map(name => [
      name,
      name === 'watchScan'
        ? async function* () {
            called.push(name)
            yield* []
          }
        : () => Promise.resolve(void called.push(name)),
    ]),
  ) as unknown as UseCases
  const audit = {
    record: (_who: Principal, action: string, _target: string, outcome: string) =>
      Promise.resolve(void audits.push(`${action} ${outcome}`)),
  }
  const useCases = guarded(plain, { audit, log: () => {} }) as unknown as Record<
    string,
    (who: Principal, input: object) => unknown
  >

  describe.each([undefined, ...ROLES])('%s', role => {
    it.each(NAMES)('%s', async name => {
      const { least, audited }: Rule = POLICY[name]
      const allowed = least === 'anyone' || (role !== undefined && ROLES.indexOf(role) >= ROLES.indexOf(least))
      called.length = 0
      audits.length = 0
      const answer = useCases[name](principal(role), {})
      const done = name === 'watchScan' ? (answer as AsyncGenerator).next() : (answer as Promise<unknown>)
      if (allowed) await done
      else await expect(done).rejects.toMatchObject({ code: role === undefined ? 'not-authenticated' : 'not-allowed' })
      expect(called).toEqual(allowed ? [name] : [])
      const outcome = allowed ? 'done' : role === undefined ? 'not-authenticated' : 'not-allowed'
      expect(audits).toEqual(audited === true ? [`${name} ${outcome}`] : [])
    })
  })

  it('what is another one’s takes more', () => {
    expect(isAllowed(principal('submitter'), 'cancelScan', 'a')).toBe(true)
    expect(isAllowed(principal('submitter'), 'cancelScan', 'b')).toBe(false)
    expect(isAllowed(principal('analyst'), 'cancelScan', 'b')).toBe(true)
    expect(isAllowed(principal('viewer'), 'getScan', 'b')).toBe(true)
    expect(isAllowed(principal(undefined), 'cancelScan', 'a')).toBe(false)
  })

  it('whatever is thrown leaves as UseCaseError', async () => {
    const broken = { ...plain, getScan: () => Promise.reject(new TypeError('oops')) }
    await expect(
      guarded(broken, { audit, log: () => {} }).getScan(principal('viewer'), { id: 'x' }),
    ).rejects.toBeInstanceOf(UseCaseError)
  })
})
