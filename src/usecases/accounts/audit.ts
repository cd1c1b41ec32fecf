import type { Audit, AuditEntry } from '../accounts.ts'
import type { AccountStore } from '../ports/accounts.ts'
import type { Clock, Hashes, Random } from '../ports/host.ts'
import { createIds } from '../ids.ts'
import { ROLES, type Principal } from '../policy.ts'

// The audit log is a chain: each entry is sealed together with the seal before it, by a key that the database does not
// hold. Who changes, removes, adds or moves an entry cannot make the seals fit; who cuts off the end is seen by whoever
// has noted the last seal.

/** Characters of one text of an entry; names and targets may come from anybody. */
const MAX_TEXT_CHARS = 1024
const PAGE = 500

/** The seal of an entry. Changing the fields or their order would break every chain: never do. */
export function sealOf(hashes: Hashes, key: string, before: string, seq: number, entry: AuditEntry): string {
  const { id, atMs, account, name, key: apiKey, address, door, action, target, outcome } = entry
  const fields = [before, seq, id, atMs, account, name, apiKey ?? null, address, door, action, target, outcome]
  return hashes.hmac(key, JSON.stringify(fields))
}

export interface AuditDeps {
  readonly store: Pick<AccountStore, 'appendAudit'>
  readonly clock: Clock
  readonly random: Random
  readonly hashes: Hashes
  readonly auditKey: string
}

/** Entries that come while others are being written go together with the next. */
export function createAudit({ store, clock, random, hashes, auditKey }: AuditDeps): Audit {
  const ids = createIds(random, 0)
  let waiting: AuditEntry[] = []
  let next: Promise<void> | undefined
  let last: Promise<void> = Promise.resolve()
  const write = async (): Promise<void> => {
    await last.catch(() => {})
    const entries = waiting
    waiting = []
    next = undefined
    last = store.appendAudit(entries, (before, seq, entry) => sealOf(hashes, auditKey, before, seq, entry))
    await last
  }
  return {
    record(principal, action, target, outcome) {
      const nowMs = clock.now()
      waiting.push(entryOf(ids.next(nowMs), nowMs, principal, action, target, outcome))
      return (next ??= write())
    },
  }
}

function entryOf(
  id: string,
  atMs: number,
  { account, name, key, address, door }: Principal,
  action: string,
  target: string,
  outcome: string,
): AuditEntry {
  const cut = (text: string): string => text.slice(0, MAX_TEXT_CHARS).toWellFormed()
  const who = { account: cut(account), name: cut(name), address: cut(address), door }
  return { id, atMs, ...who, ...(key === undefined ? {} : { key }), action, target: cut(target), outcome }
}

export interface AuditVerdict {
  readonly entries: number
  /** Of the last entry that fits: to be noted where the database cannot be reached from. */
  readonly seal: string
  /** Absent: the chain is whole. */
  readonly broken?: { readonly seq: number; readonly reason: string }
}

/**
 * Walks through the chain.
 * @param noted - a seal that was noted before; the chain must hold it
 */
export async function verifyAudit(
  store: Pick<AccountStore, 'readAudit' | 'auditHead'>,
  hashes: Hashes,
  auditKey: string,
  noted?: string,
): Promise<AuditVerdict> {
  let seal = ''
  let seq = 0
  let isNotedSeen = noted === undefined || noted === ''
  for (;;) {
    const page = await store.readAudit(seq, PAGE)
    for (const item of page) {
      if (item.seq !== seq + 1) return { entries: seq, seal, broken: { seq: seq + 1, reason: 'it is missing' } }
      const expected = sealOf(hashes, auditKey, seal, item.seq, item.entry)
      if (item.seal !== expected) {
        return { entries: seq, seal, broken: { seq: item.seq, reason: 'it or the entry before it was changed' } }
      }
      seal = expected
      seq++
      isNotedSeen ||= seal === noted
    }
    if (page.length < PAGE) break
  }
  const head = await store.auditHead()
  if (head.seq > seq) return { entries: seq, seal, broken: { seq: seq + 1, reason: 'the end is missing' } }
  if (!isNotedSeen)
    return { entries: seq, seal, broken: { seq: seq + 1, reason: 'the noted seal is not in the chain' } }
  return { entries: seq, seal }
}

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu
const escapeUnits = (char: string): string =>
  char
    .split('')
    .map(unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')

/** One line of JSON; control and format characters are escaped, so that it is safe on a terminal and reads back the same. */
export const auditLine = (entry: AuditEntry): string => JSON.stringify(entry).replace(INVISIBLE, escapeUnits)

export const AUDIT_COLUMNS = [
  'at', 'id', 'account', 'name', 'key', 'address', 'door', 'action', 'target', 'outcome', 'seal',
] as const // prettier-ignore

/** One row of CSV without its end (RFC 4180). @param visible - escapes what cannot be seen */
export function auditRow(entry: AuditEntry, visible: (text: string) => string): string {
  const cells: Readonly<Record<(typeof AUDIT_COLUMNS)[number], string>> = {
    ...entry,
    at: new Date(entry.atMs).toISOString(),
    key: entry.key ?? '',
    seal: entry.seal ?? '',
  }
  return AUDIT_COLUMNS.map(column => csvCell(visible(cells[column]))).join(',')
}

/** What a spreadsheet would take for a formula is text. */
const csvCell = (text: string): string => {
  const inert = /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]/u.test(text) ? `'${text}` : text
  return /[",\r\n]|^\s|\s$/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert
}

/** Whoever sits at the machine and may read its files. */
export const consolePrincipal = (name: string): Principal => ({
  account: 'local',
  name,
  role: ROLES[ROLES.length - 1],
  address: '',
  door: 'cli',
})
