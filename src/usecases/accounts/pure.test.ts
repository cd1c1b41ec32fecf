import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { systemHashes, systemRandom } from '../../store/host.ts'
import type { AuditEntry } from '../accounts.ts'
import { UseCaseError } from '../errors.ts'
import { decideAccess } from './access.ts'
import { auditLine, auditRow } from './audit.ts'
import { BoundedMap } from './bounded.ts'
import { MAX_CACHED } from './limits.ts'
import { roleOfClaims, weakerRole } from './roles.ts'
import { base64url, csrfOf, newKeySecret, newToken, prefixOf, sameText } from './secrets.ts'
import { networkOf, Throttle } from './throttle.ts'
import { visible } from '../../report/index.ts'

describe('whether a server may start', () => {
  const loopback = { address: '127.0.0.1:8320', loopback: true, tls: false }
  const beyond = { address: '0.0.0.0:8320', loopback: false, tls: false }
  const secure = { ...beyond, tls: true }
  it.each([
    ['nothing listens', [], 0, false, 'open'],
    ['loopback, no accounts', [loopback], 0, false, 'open'],
    ['loopback, accounts', [loopback], 1, false, 'accounts'],
    ['beyond, no accounts', [beyond], 0, false, 'refused'],
    ['both, no accounts', [loopback, secure], 0, false, 'refused'],
    ['beyond, no accounts, with the link', [secure], 0, true, 'claim'],
    ['loopback, no accounts, with the link', [loopback], 0, true, 'open'],
    ['beyond, accounts', [secure], 3, false, 'accounts'],
  ] as const)('%s', (_, listeners, accounts, mayClaim, kind) => {
    expect(decideAccess(listeners, accounts, { mayClaim }).kind).toBe(kind)
  })

  it('names the listener and what to do, and warns of clear text', () => {
    const refused = decideAccess([loopback, beyond], 0, { mayClaim: false })
    expect(refused).toMatchObject({ message: expect.stringContaining('0.0.0.0:8320') as string })
    expect(refused).toMatchObject({ remedy: expect.stringContaining('lazaret account add') as string })
    expect(decideAccess([beyond], 1, { mayClaim: false })).toHaveProperty('warning')
    expect(decideAccess([secure], 1, { mayClaim: false })).not.toHaveProperty('warning')
  })
})

describe('roles', () => {
  it('of a key are never above those of its account', () => {
    expect(weakerRole('administrator', 'viewer')).toBe('viewer')
    expect(weakerRole('submitter', 'analyst')).toBe('submitter')
    expect(weakerRole('analyst', 'analyst')).toBe('analyst')
  })

  const mapping = { claim: 'groups', roles: { administrator: ['root'], viewer: ['all', 'root'] } } as const
  it.each([
    [{ groups: ['all', 'root'] }, 'administrator'],
    [{ groups: 'all' }, 'viewer'],
    [{ groups: ['none', 7, null, { root: 1 }] }, undefined],
    [{ groups: { root: true } }, undefined],
    [{}, undefined],
    [JSON.parse('{"__proto__": {"groups": ["root"]}}') as object, undefined],
  ])('of the claims %j is %s', (claims, role) => {
    expect(roleOfClaims(claims as Record<string, unknown>, mapping)).toBe(role)
    expect(roleOfClaims(claims as Record<string, unknown>, { ...mapping, otherwise: 'submitter' })).toBe(
      role ?? 'submitter',
    )
  })
})

describe('secrets', () => {
  it('are base64url of 256 bits, found by their prefix', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), bytes => {
        expect(base64url(bytes)).toBe(Buffer.from(bytes).toString('base64url'))
      }),
    )
    const { prefix, secret } = newKeySecret(systemRandom)
    expect(prefixOf(secret)).toBe(prefix)
    for (const bad of ['', secret.slice(1), `${secret}x`, secret.replace('lzk', 'LZK'), `${secret}\n`]) {
      expect(prefixOf(bad)).toBeUndefined()
    }
    expect(newToken(systemRandom)).toHaveLength(43)
  })

  it('are compared as wholes, and CSRF tokens belong to one session', () => {
    expect([sameText('ab', 'ab'), sameText('ab', 'ac'), sameText('ab', 'abc'), sameText('', '')]).toEqual([true, false, false, true]) // prettier-ignore
    expect(csrfOf(systemHashes, 'one')).not.toBe(csrfOf(systemHashes, 'two'))
    expect(csrfOf(systemHashes, 'one')).toMatch(/^[0-9a-f]{64}$/)
  })
})

describe('the throttle', () => {
  const tryOnce = (throttle: Throttle, name: string, address: string, nowMs: number): number => {
    try {
      throttle.begin(name, address, nowMs)
      return 0
    } catch (error) {
      return (error as UseCaseError).retryAfterMs ?? -1
    }
  }

  it('doubles the wait, to a bound, and forgets', () => {
    const throttle = new Throttle()
    let nowMs = 0
    const waits: number[] = []
    for (let turn = 0; turn < 18; turn++) {
      const waitMs = tryOnce(throttle, 'a', '192.0.2.1', nowMs)
      if (waitMs > 0) waits.push(waitMs)
      nowMs += waitMs
    }
    expect(waits.slice(0, 5)).toEqual([2000, 4000, 8000, 16_000, 32_000])
    for (let turn = 0; turn < 20; turn++) {
      const waitMs = tryOnce(throttle, 'a', '192.0.2.1', nowMs)
      expect(waitMs).toBeLessThanOrEqual(900_000)
      nowMs += waitMs
    }
    expect(tryOnce(throttle, 'a', '192.0.2.1', nowMs + 3_600_001)).toBe(0)
  })

  it('holds against many addresses for one name, and many names from one network', () => {
    const byName = new Throttle()
    const free = Array.from({ length: 100 }, (_, at) => tryOnce(byName, 'a', `192.0.2.${at}`, 0)).filter(ms => ms === 0)
    expect(free).toHaveLength(50)
    const byAddress = new Throttle()
    const names = Array.from({ length: 100 }, (_, at) =>
      tryOnce(byAddress, `n${at}`, `2001:db8::${at.toString(16)}`, 0),
    )
    expect(names.filter(ms => ms === 0)).toHaveLength(30)
  })

  it('forgives the pair when the password was right, and hides no other failures', () => {
    const throttle = new Throttle()
    for (let turn = 0; turn < 40; turn++) throttle.begin('mine', '192.0.2.1', turn)()
    for (let turn = 0; turn < 5; turn++) tryOnce(throttle, 'victim', '192.0.2.1', 100)
    throttle.begin('mine', '192.0.2.1', 100)()
    expect(tryOnce(throttle, 'victim', '192.0.2.1', 100)).toBeGreaterThan(0)
  })

  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['2001:db8:0:1:2:3:4:5', '2001:db8:0:1::/64'],
    ['2001:0DB8::5%eth0', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['', ''],
  ])('takes %s for %s', (address, network) => {
    expect(networkOf(address)).toBe(network)
  })
})

it('tables in memory have an end', () => {
  const table = new BoundedMap<number, number>(MAX_CACHED)
  for (let at = 0; at < MAX_CACHED + 100; at++) table.set(at, at)
  expect([table.size, table.get(0), table.get(MAX_CACHED + 99)]).toEqual([MAX_CACHED, undefined, MAX_CACHED + 99])
})

describe('entries of the audit log', () => {
  const entry = (name: string): AuditEntry => ({
    id: 'i', atMs: 0, account: 'a', name, address: '::1', door: 'rest', action: 'logIn', target: '=1+1', outcome: 'done',
  }) // prettier-ignore

  it('are one line each that reads back the same, whatever somebody is called', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), name => {
        const line = auditLine(entry(name))
        expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
        expect(JSON.parse(line)).toEqual(entry(name))
        const row = auditRow(entry(name), visible)
        expect(row).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
      }),
    )
    expect(auditLine(entry('a\u001b[31m\u202eb\u{e0001}'))).toContain(String.raw`a\u001b[31m\u202eb\udb40\udc01`)
  })

  it('are no formulas for spreadsheets', () => {
    const row = auditRow(entry('@cmd,"x"'), visible)
    expect(row).toContain(`"'@cmd,""x"""`)
    expect(row).toContain(",'=1+1,")
    expect(row.startsWith('1970-01-01T00:00:00.000Z,i,a,')).toBe(true)
  })
})
