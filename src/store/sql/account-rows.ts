import { foldedName, ROLES } from '../../usecases/index.ts'
import type { AuditEntry, Quota, SealedEntry, StoredAccount, StoredKey, StoredSession } from '../../usecases/index.ts'
import type { AccountRow, AuditRow, KeyRow, SessionRow } from './account-tables.ts'

// Rows of accounts and the things they are.

export function accountOf(row: AccountRow): StoredAccount {
  const { id, name, role, disabled, password, quota, issuer, subject, created } = row
  return {
    id,
    name,
    role: ROLES[role],
    disabled: disabled === 1,
    quota: JSON.parse(quota) as Quota,
    createdAtMs: created,
    ...(password === null ? {} : { passwordHash: password }),
    ...(issuer === null || subject === null ? {} : { oidc: { issuer, subject } }),
  }
}

export function accountRow(account: StoredAccount): AccountRow {
  const { id, name, role, disabled, quota, createdAtMs, passwordHash, oidc } = account
  return {
    id,
    name,
    folded: foldedName(name),
    role: ROLES.indexOf(role),
    disabled: disabled ? 1 : 0,
    password: passwordHash ?? null,
    quota: JSON.stringify(quota),
    issuer: oidc?.issuer ?? null,
    subject: oidc?.subject ?? null,
    created: createdAtMs,
  }
}

export function keyOf(row: KeyRow): StoredKey {
  const { id, account, label, role, prefix, hash, quota, created, expires, used } = row
  return {
    id,
    account,
    label,
    role: ROLES[role],
    prefix,
    hash,
    quota: JSON.parse(quota) as Quota,
    createdAtMs: created,
    ...(expires === null ? {} : { expiresAtMs: expires }),
    ...(used === null ? {} : { lastUsedMs: used }),
  }
}

export function keyRow(key: StoredKey): KeyRow {
  const { id, account, label, role, prefix, hash, quota, createdAtMs, expiresAtMs, lastUsedMs } = key
  return {
    id,
    account,
    label,
    role: ROLES.indexOf(role),
    prefix,
    hash,
    quota: JSON.stringify(quota),
    created: createdAtMs,
    expires: expiresAtMs ?? null,
    used: lastUsedMs ?? null,
  }
}

export const sessionOf = ({ id, account, hash, created, used, expires }: SessionRow): StoredSession => ({
  id,
  account,
  hash,
  createdAtMs: created,
  usedAtMs: used,
  expiresAtMs: expires,
})

export function sealedOf({ seq, seal, at, key, door, ...rest }: AuditRow): SealedEntry {
  const entry: AuditEntry = {
    id: rest.id,
    atMs: at,
    account: rest.account,
    name: rest.name,
    ...(key === null ? {} : { key }),
    address: rest.address,
    door: door as AuditEntry['door'],
    action: rest.action,
    target: rest.target,
    outcome: rest.outcome,
  }
  return { seq, entry, seal }
}

export const auditRowOf = ({ atMs, key, ...entry }: AuditEntry, seq: number, seal: string): AuditRow => ({
  ...entry,
  at: atMs,
  key: key ?? null,
  seq,
  seal,
})
