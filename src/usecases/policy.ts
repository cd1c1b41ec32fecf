// Who may do what: one table. Every door asks it through the use cases; none decides by itself.

import { ROLES, type Role } from './limits.ts'

export { ROLES, type Role }

/** Ways into the server; `schedule` is the server's own clock. */
export const DOORS = ['rest', 'soap', 'native', 'clamd', 'cli', 'schedule'] as const
export type Door = (typeof DOORS)[number]

/** Who asks, as a door has established it. */
export interface Principal {
  /** Id of the account; `local` for the one person on loopback where there are no accounts. */
  readonly account: string
  /** Name for people and the audit log. */
  readonly name: string
  /** Undefined: nobody has logged in; only what is open to anyone may be asked. */
  readonly role: Role | undefined
  /** Id of the API key, where one was shown. */
  readonly key?: string
  /** Id of the session, where there is one. */
  readonly session?: string
  /** Address of the peer as text; empty for a unix socket or this process. */
  readonly address: string
  readonly door: Door
  /** Free label of the source that a key or a client gives, for example the name of a mail gateway; for search and statistics. */
  readonly label?: string
}

export interface Rule {
  /** Least role; `anyone` needs no login. */
  readonly least: Role | 'anyone'
  /** Least role where the thing belongs to another account; absent: `least` is enough. */
  readonly others?: Role
  /** Whether the audit log names each use. */
  readonly audited?: true
  readonly text: string
}

/** Every use case with the least role it takes. `keyof UseCases` and the keys of this table are the same. */
export const POLICY = {
  submit: { least: 'submitter', text: 'Take content in and scan it later' },
  submitUrl: { least: 'submitter', audited: true, text: 'Fetch content from a URL and scan it later' },
  scan: { least: 'submitter', text: 'Scan content and wait for the result' },
  getScan: { least: 'viewer', text: 'State and outcome of one scan' },
  awaitScan: { least: 'viewer', text: 'Wait for the end of a scan' },
  watchScan: { least: 'viewer', text: 'Events of a scan until its end' },
  cancelScan: { least: 'submitter', others: 'analyst', audited: true, text: 'Stop a scan' },
  getReport: { least: 'viewer', text: 'Report of a finished scan' },
  lookUp: { least: 'viewer', text: 'What is known about content, by digest' },
  listArtifacts: { least: 'viewer', text: 'Artifact tree of a scan, in pages' },
  readArtifact: { least: 'analyst', text: 'Bytes of an artifact' },
  download: { least: 'analyst', audited: true, text: 'Content as an encrypted archive' },
  search: { least: 'viewer', text: 'Scans that a query matches' },
  completeQuery: { least: 'viewer', text: 'How a query may go on' },
  getSample: { least: 'viewer', text: 'One content with its tags, comments and scans' },
  changeTags: { least: 'analyst', audited: true, text: 'Add and remove tags of content' },
  addComment: { least: 'analyst', text: 'Comment on content' },
  deleteComment: { least: 'analyst', others: 'administrator', audited: true, text: 'Delete a comment' },
  rescan: { least: 'submitter', text: 'Scan kept content again' },
  startRetroScan: { least: 'analyst', audited: true, text: 'Scan everything kept again with the database of now' },
  getRetroScan: { least: 'viewer', text: 'Progress of a retro-scan' },
  listRetroScans: { least: 'viewer', text: 'Retro-scans, newest first' },
  listChangedVerdicts: { least: 'viewer', text: 'Verdicts that a retro-scan changed' },
  cancelRetroScan: { least: 'analyst', audited: true, text: 'Stop a retro-scan' },
  deleteScan: { least: 'administrator', audited: true, text: 'Delete a scan and its report' },
  deleteSample: { least: 'administrator', audited: true, text: 'Delete content with every scan of it' },
  listDatabases: { least: 'viewer', text: 'Signature databases in use' },
  searchSignatures: { least: 'viewer', text: 'Signatures by name' },
  getSignature: { least: 'viewer', text: 'One signature with its source' },
  getStatistics: { least: 'viewer', text: 'Counts by time, source, verdict and more' },
  getEngineInfo: { least: 'viewer', text: 'Version, database and load of the engines' },
  reloadDatabase: { least: 'administrator', audited: true, text: 'Read the signatures again' },
  getHealth: { least: 'anyone', text: 'Whether the server lives' },
  getReadiness: { least: 'anyone', text: 'Whether the server can take work' },
  getMetrics: { least: 'viewer', text: 'Numbers for monitoring' },
  getQueue: { least: 'viewer', text: 'State of the queue' },
  listDeadLetters: { least: 'analyst', text: 'Jobs and deliveries that were given up' },
  retryDeadLetter: { least: 'analyst', audited: true, text: 'Try one of them again' },
  discardDeadLetter: { least: 'administrator', audited: true, text: 'Drop one of them' },
  getRetention: { least: 'viewer', text: 'Rules after which data is deleted' },
  setRetention: { least: 'administrator', audited: true, text: 'Change those rules' },
  applyRetention: { least: 'administrator', audited: true, text: 'Delete what is due, now' },
  rotateVaultKey: { least: 'administrator', audited: true, text: 'Encrypt new content with a new key' },
  claimServer: { least: 'anyone', audited: true, text: 'Become the first administrator by the one-time link' },
  logIn: { least: 'anyone', audited: true, text: 'Open a session with a password' },
  startOidcLogin: { least: 'anyone', text: 'Begin a login at the identity provider' },
  finishOidcLogin: { least: 'anyone', audited: true, text: 'Open a session with what the provider says' },
  logOut: { least: 'viewer', text: 'End the own session' },
  whoAmI: { least: 'anyone', text: 'Who is asking, and what they may do' },
  changePassword: { least: 'viewer', audited: true, text: 'Change the own password' },
  listAccounts: { least: 'administrator', text: 'Accounts' },
  createAccount: { least: 'administrator', audited: true, text: 'Make an account' },
  updateAccount: { least: 'administrator', audited: true, text: 'Change role, name, quota or state of an account' },
  deleteAccount: { least: 'administrator', audited: true, text: 'Delete an account with its keys and sessions' },
  listKeys: { least: 'viewer', others: 'administrator', text: 'API keys, without their secrets' },
  createKey: {
    least: 'viewer',
    others: 'administrator',
    audited: true,
    text: 'Make an API key; its secret is shown once',
  },
  revokeKey: { least: 'viewer', others: 'administrator', audited: true, text: 'Revoke an API key' },
  getQuota: { least: 'viewer', others: 'administrator', text: 'Limits of an account or key and what is used of them' },
  searchAudit: { least: 'administrator', text: 'Audit log, newest first' },
  exportAudit: { least: 'administrator', audited: true, text: 'Audit log as lines of JSON' },
} as const satisfies Readonly<Record<string, Rule>>

export type PolicyName = keyof typeof POLICY

/** Whether a role is at least another one. */
export function isAtLeast(role: Role | undefined, least: Role | 'anyone'): boolean {
  if (least === 'anyone') return true
  return role !== undefined && ROLES.indexOf(role) >= ROLES.indexOf(least)
}

/** Whether the principal may use this; `owner` is the account that the thing belongs to, where it has one. */
export function isAllowed(principal: Principal, name: PolicyName, owner?: string): boolean {
  const rule: Rule = POLICY[name]
  if (!isAtLeast(principal.role, rule.least)) return false
  return owner === undefined || owner === principal.account || isAtLeast(principal.role, rule.others ?? rule.least)
}
