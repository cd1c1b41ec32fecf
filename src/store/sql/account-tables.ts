// The tables of accounts as kysely knows them. Roles are their index in ROLES; times are milliseconds.

export interface AccountRow {
  id: string
  name: string
  folded: string
  role: number
  disabled: number
  password: string | null
  /** JSON. */
  quota: string
  issuer: string | null
  subject: string | null
  created: number
}

export interface KeyRow {
  id: string
  account: string
  label: string
  role: number
  prefix: string
  hash: string
  quota: string
  created: number
  expires: number | null
  used: number | null
}

export interface SessionRow {
  id: string
  hash: string
  account: string
  created: number
  used: number
  expires: number
}

export interface AuditRow {
  seq: number
  id: string
  at: number
  account: string
  name: string
  key: string | null
  address: string
  door: string
  action: string
  target: string
  outcome: string
  seal: string
}

export interface AccountTables {
  accounts: AccountRow
  api_keys: KeyRow
  sessions: SessionRow
  claims: { id: number; hash: string; expires: number }
  oidc_logins: { state: string; nonce: string; verifier: string; redirect: string; expires: number }
  used: { subject: string; day: number; scans: number; bytes: number }
  audit: AuditRow
  audit_head: { id: number; seq: number; seal: string }
}
