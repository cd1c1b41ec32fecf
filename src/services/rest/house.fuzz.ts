import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLedger, openSqlite } from '../../store/index.ts'
import type { Authenticator, Role } from '../../usecases/index.ts'
import { createUseCases, noAccounts, ROLES, UseCaseError } from '../../usecases/index.ts'
import { principal, testParts, type TestParts } from '../../usecases/testing/parts.ts'
import type { RestLimits } from './limits.ts'
import { startRest } from './server.ts'

// A server for tests: everything real but scanner, vault and accounts. A key is the name of a role.

export interface TestServer {
  readonly url: string
  readonly port: number
  readonly parts: TestParts
  close(): Promise<void>
}

const authenticator: Authenticator = {
  async authenticate(credentials) {
    if (credentials.kind === 'none') return principal(undefined, 'nobody')
    if (credentials.kind === 'session') {
      if (credentials.csrf !== undefined && credentials.csrf !== 'right') throw new UseCaseError('wrong-credentials')
      return principal('administrator', 'person')
    }
    const role = ROLES.find(name => credentials.kind === 'key' && name === credentials.secret)
    if (role === undefined) throw new UseCaseError('wrong-credentials')
    return principal(role as Role, role)
  },
}

export async function testServer(limits: Partial<RestLimits> = {}): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), 'lazaret-rest-'))
  const ledger = await openLedger(openSqlite(join(folder, 'ledger.db')))
  const parts = testParts(ledger, { accounts: noAccounts().accounts })
  const server = await createUseCases(parts)
  const { useCases } = server
  const options = { host: '127.0.0.1', port: 0, useCases, authenticator, version: '0.1.0', log: () => {} }
  const rest = await startRest({ ...options, limits: { anonymousPerMinute: 1_000_000, ...limits } })
  return {
    url: `${rest.address}/api/v1`,
    port: Number(new URL(rest.address).port),
    parts,
    async close() {
      await rest.close()
      await server.close()
      await ledger.close()
      rmSync(folder, { recursive: true })
    },
  }
}
