import { sql } from 'kysely'
import type { Migration } from './migration.ts'

/** Accounts, keys, sessions, usage and the audit log. */
export const accountTables: Migration = {
  version: 2,
  name: 'accounts',
  async up(db, { big, small, text, clustered }) {
    for (const statement of statements(big, small, text, clustered)) await sql.raw(statement).execute(db)
  },
}

const statements = (big: string, small: string, text: string, clustered: string): readonly string[] => [
  `create table accounts (
    id ${text} primary key, name ${text} not null, folded ${text} not null, role ${small} not null,
    disabled ${small} not null, password ${text}, quota ${text} not null, issuer ${text}, subject ${text},
    created ${big} not null)`,
  'create unique index accounts_folded on accounts (folded)',
  'create unique index accounts_oidc on accounts (issuer, subject) where issuer is not null',

  `create table api_keys (
    id ${text} primary key, account ${text} not null, label ${text} not null, role ${small} not null,
    prefix ${text} not null, hash ${text} not null, quota ${text} not null, created ${big} not null,
    expires ${big}, used ${big})`,
  'create unique index api_keys_prefix on api_keys (prefix)',
  'create index api_keys_account on api_keys (account)',

  `create table sessions (
    id ${text} primary key, hash ${text} not null, account ${text} not null, created ${big} not null,
    used ${big} not null, expires ${big} not null)`,
  'create unique index sessions_hash on sessions (hash)',
  'create index sessions_account on sessions (account)',

  // At most one row each: what is to happen once is deleted by whoever does it.
  `create table claims (id ${small} primary key, hash ${text} not null, expires ${big} not null)`,
  `create table oidc_logins (
    state ${text} primary key, nonce ${text} not null, verifier ${text} not null, redirect ${text} not null,
    expires ${big} not null)`,

  `create table used (
    subject ${text} not null, day ${small} not null, scans ${big} not null, bytes ${big} not null,
    primary key (subject, day))${clustered}`,

  `create table audit (
    seq ${big} primary key, id ${text} not null, at ${big} not null, account ${text} not null, name ${text} not null,
    "key" ${text}, address ${text} not null, door ${text} not null, action ${text} not null, target ${text} not null,
    outcome ${text} not null, seal ${text} not null)`,
  'create index audit_account on audit (account, seq)',
  'create index audit_action on audit (action, seq)',
  'create index audit_target on audit (target, seq)',
  // Whoever appends locks this row.
  `create table audit_head (id ${small} primary key, seq ${big} not null, seal ${text} not null)`,
  "insert into audit_head (id, seq, seal) values (1, 0, '')",
]
