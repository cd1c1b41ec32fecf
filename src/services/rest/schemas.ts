import { Type, type TSchema } from 'typebox'
import { REASONS, RELATIONS, VERDICTS } from '../../report/index.ts'
import {
  DIMENSIONS,
  DOORS,
  KEEP_RULES,
  PRIORITIES,
  PROFILES,
  ROLES,
  SCAN_STATES,
  STATISTICS_UNITS,
} from '../../usecases/index.ts'

// The things that requests and answers are made of. Components of the OpenAPI document by their `$id`-less names in
// COMPONENTS; types come from the use cases, these say the same to programs.

export const oneOf = <const T extends readonly string[]>(values: T, description?: string) =>
  Type.Enum<[...T]>([...values], { type: 'string', ...(description === undefined ? {} : { description }) })
const keysOf = <T extends object>(table: T) => Object.keys(table) as unknown as readonly (keyof T & string)[]
export const closed = <T extends Record<string, TSchema>>(properties: T, description?: string) =>
  Type.Object(properties, { additionalProperties: false, ...(description === undefined ? {} : { description }) })

const count = (description?: string) =>
  Type.Integer({ minimum: 0, ...(description === undefined ? {} : { description }) })
const time = (description: string) => Type.Integer({ description: `${description}, milliseconds since the epoch` })
const text = (description: string, maxLength?: number) =>
  Type.String({ description, ...(maxLength === undefined ? {} : { maxLength }) })
const SAFE = Number.MAX_SAFE_INTEGER

const UUID = '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
export const Id = Type.String({
  pattern: UUID,
  description: 'Id, a UUID',
  examples: ['0192f0c1-2a3b-7c4d-8e5f-6a7b8c9d0e1f'],
})
/** Ids of accounts and keys may have another form. */
export const AnyId = Type.String({ pattern: '^[A-Za-z0-9_.:-]{1,128}$', description: 'Id' })
export const Sha256 = Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256, lower-case hexadecimal' })
export const Digest = Type.String({
  pattern: '^([0-9A-Fa-f]{32}|[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})$',
  description: 'MD5, SHA-1 or SHA-256, hexadecimal',
  examples: ['275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f'],
})
const AnyDigest = Type.String({ description: 'Digest, lower-case hexadecimal' })
export const Verdict = oneOf(VERDICTS, 'Verdict')
export const Role = oneOf(ROLES, 'Role')

export const PageQuery = {
  cursor: Type.Optional(text('`next` of the page before', 2048)),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: 'Items of the page; default 50' })),
}
export const pageOf = <T extends TSchema>(item: T) =>
  Type.Object({ items: Type.Array(item), next: Type.Optional(text('Cursor of the next page; absent on the last')) })

const Profile = oneOf(keysOf(PROFILES), 'Named set of options')
const Keep = oneOf(KEEP_RULES, 'Which content stays in the vault after its scan')
const Priority = oneOf(keysOf(PRIORITIES), 'Which scans are served first')
const optionFields = {
  profile: Type.Optional(Profile),
  allMatches: Type.Optional(Type.Boolean({ description: 'Report every signature that matches' })),
  maxTimeMs: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 86_400_000, description: 'Time limit of the scan in milliseconds' }),
  ),
  keep: Type.Optional(Keep),
  priority: Type.Optional(Priority),
  reuse: Type.Optional(
    Type.Boolean({ description: 'False: scan even where a report of the same content and database is stored' }),
  ),
}
export const Options = closed(
  {
    ...optionFields,
    passwords: Type.Optional(
      Type.Array(Type.String({ maxLength: 256 }), { maxItems: 64, description: 'Passwords to try; never stored' }),
    ),
  },
  'How to scan',
)
export const NotifyUrl = Type.String({
  maxLength: 2048,
  pattern: '^[Hh][Tt][Tt][Pp][Ss]?://',
  description: 'Where the end of the scan is told; docs/rest.md describes the webhook',
  examples: ['https://example.org/hook'],
})
export const Notify = closed(
  { url: NotifyUrl, secret: Type.Optional(text('Key of the signature', 1024)) },
  'Where the end of the scan is told',
)
export const Name = text('Name of the content as the submitter has it: data, never a path', 4096)
/** Options of a raw upload stand in the query; what is secret stands in headers. */
export const UploadQuery = {
  name: Type.Optional(Name),
  ...optionFields,
  notify: Type.Optional(NotifyUrl),
  parent: Type.Optional(Id),
}
/** The field `options` of a multipart upload. */
export const UploadOptions = closed(
  { options: Type.Optional(Options), notify: Type.Optional(Notify), parent: Type.Optional(Id) },
  'The field `options` of a multipart upload; it comes before the files',
)

const digests = { sha256: AnyDigest, sha1: AnyDigest, md5: AnyDigest }
export const Scan = Type.Object(
  {
    id: Id,
    name: text('Name as submitted'),
    ...digests,
    sizeBytes: count('Size of the content'),
    source: Type.Object({
      door: oneOf(DOORS, 'Door it came through'),
      account: text('Id of the account'),
      key: Type.Optional(text('Id of the API key')),
      address: text('Address of the peer'),
      label: Type.Optional(text('Label of the source')),
    }),
    options: Type.Object({
      profile: Profile,
      allMatches: Type.Boolean(),
      maxTimeMs: Type.Optional(count()),
      passwordCount: count(),
      keep: Keep,
    }),
    priority: Priority,
    state: oneOf(SCAN_STATES, 'How the scan stands; the last three are final'),
    submittedAtMs: time('When it was submitted'),
    startedAtMs: Type.Optional(time('When an engine began')),
    finishedAtMs: Type.Optional(time('When it ended')),
    attempts: count('How often an engine was given it'),
    problem: Type.Optional(Type.Object({ code: text('Code'), message: text('What happened') })),
    verdict: Type.Optional(Verdict),
    type: Type.Optional(text('Type of the content')),
    detections: Type.Array(Type.String(), { description: 'Names of what matched, strongest first' }),
    notSeen: count('Artifacts of which something was not seen'),
    elapsedMs: Type.Optional(Type.Number()),
    engine: Type.Optional(text('Version of the engine')),
    database: Type.Optional(text('Generation of the database')),
    reusedFrom: Type.Optional(text('The scan whose report this one shares')),
    parent: Type.Optional(text('What caused this scan')),
  },
  { description: 'One submission' },
)
export const Report = Type.Object(
  {
    version: text('Version of the model'),
    scanner: Type.Object({
      name: Type.String(),
      version: Type.String(),
      database: Type.String(),
      signatures: count(),
    }),
    name: text('Name as submitted'),
    startedAt: text('Start, ISO 8601'),
    elapsedMs: Type.Number(),
    bytesScanned: count(),
    verdict: Verdict,
    artifacts: Type.Array(Type.Object({ id: count(), path: Type.String(), verdict: Verdict }), { minItems: 1 }),
  },
  { description: 'What was found; docs/schemas/report-1.schema.json has every member' },
)
const How = oneOf(['accepted', 'repeated', 'joined', 'known'], 'How it was taken: docs/rest.md explains the words')
export const Submitted = Type.Object({ how: How, scan: Scan })
export const Scanned = Type.Object({ how: How, scan: Scan, report: Type.Optional(Report) })
export const Problem = Type.Object(
  {
    type: text('urn:lazaret:problem:CODE'),
    title: text('The kind of problem'),
    status: count('HTTP status'),
    code: text('Stable code; docs/rest.md lists all'),
    detail: Type.Optional(text('What is wrong in this case')),
    where: Type.Optional(Type.Union([Type.String(), Type.Integer()])),
    remedy: text('What helps'),
  },
  { description: 'RFC 9457' },
)
export const BatchEntry = Type.Object({
  name: text('Name of the file'),
  how: Type.Optional(How),
  scan: Type.Optional(Scan),
  problem: Type.Optional(Problem),
})
export const Sample = Type.Object(
  {
    ...digests,
    sizeBytes: count(),
    type: Type.Optional(Type.String()),
    firstSeenMs: time('First submitted'),
    lastSeenMs: time('Last submitted'),
    scans: count('Scans of it'),
    verdict: Type.Optional(Verdict),
    detections: Type.Array(Type.String()),
    kept: Type.Boolean({ description: 'Whether the vault holds it' }),
    tags: Type.Array(Type.String()),
  },
  { description: 'One content, whoever submitted it' },
)
export const LookUp = Type.Object({
  digest: text('As asked'),
  sample: Type.Optional(Sample),
  scan: Type.Optional(Scan),
  within: Type.Array(Scan, { description: 'Scans in which it was a member of something else' }),
})
export const Artifact = Type.Object(
  {
    id: count('Number in the tree; 0 is the submission'),
    parent: Type.Optional(count()),
    relation: oneOf(RELATIONS),
    name: Type.String(),
    path: Type.String(),
    size: count(),
    sha256: Type.Optional(AnyDigest),
    type: Type.String(),
    verdict: Verdict,
    children: count('How many artifacts are directly inside'),
    detections: Type.Array(Type.Object({ name: Type.String() })),
    notSeen: Type.Array(Type.Object({ path: Type.String(), reason: oneOf(REASONS), detail: Type.String() })),
  },
  { description: 'One artifact, with the number of its children' },
)
export const Comment = Type.Object({
  id: AnyId,
  sha256: AnyDigest,
  account: Type.String(),
  author: Type.String(),
  text: Type.String(),
  atMs: time('When it was written'),
})
export const SampleAnswer = Type.Object({
  sample: Sample,
  scans: Type.Array(Scan),
  comments: Type.Array(Comment),
})
const FacetCounts = Type.Array(Type.Object({ value: Type.String(), count: count() }))
export const SearchAnswer = Type.Object({
  items: Type.Array(Scan),
  next: Type.Optional(Type.String()),
  total: Type.Optional(Type.Object({ count: count(), exact: Type.Boolean() })),
  facets: Type.Optional(Type.Record(Type.String(), FacetCounts)),
})
export const Completion = Type.Object({
  from: count(),
  to: count(),
  text: Type.String(),
  kind: oneOf(['field', 'operator', 'value', 'keyword']),
  hint: Type.String(),
})
const counts = { scans: count(), bytes: count(), elapsedMs: Type.Number() }
export const StatisticsQuery = {
  fromMs: Type.Optional(Type.Integer({ minimum: 0, maximum: SAFE, description: 'Begin; default: the first scan' })),
  toMs: Type.Optional(Type.Integer({ minimum: 0, maximum: SAFE, description: 'End; default: now' })),
  unit: Type.Optional(oneOf(STATISTICS_UNITS, 'Unit of the series')),
  door: Type.Optional(oneOf(DOORS, 'Only scans of this door')),
  label: Type.Optional(text('Only scans with this label', 256)),
  dimensions: Type.Optional(Type.Array(oneOf(DIMENSIONS), { maxItems: 7, description: 'Rankings; default all' })),
  top: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: 'Entries of each ranking' })),
}
export const Statistics = Type.Object({
  fromMs: Type.Integer(),
  toMs: Type.Integer(),
  unit: oneOf(STATISTICS_UNITS),
  total: Type.Object({ ...counts, failed: count(), reused: count(), scansPerSecond: Type.Number() }),
  series: Type.Array(
    Type.Object({ ...counts, atMs: Type.Integer(), verdicts: Type.Record(Type.String(), count()), failed: count() }),
  ),
  sources: Type.Array(Type.Object({ ...counts, door: oneOf(DOORS), label: Type.String() })),
  rankings: Type.Record(Type.String(), Type.Array(Type.Object({ ...counts, value: Type.String() }))),
})
export const RetroScan = Type.Object({
  id: Id,
  query: Type.String(),
  startedBy: Type.String(),
  startedAtMs: time('When it began'),
  finishedAtMs: Type.Optional(time('When it ended')),
  state: oneOf(['running', 'finished', 'cancelled']),
  database: Type.String(),
  total: count('Samples to scan'),
  done: count(),
  failed: count(),
  changed: count('Samples with another verdict than before'),
})
const VerdictThen = Type.Object({ scan: Type.String(), verdict: Verdict, detections: Type.Array(Type.String()) })
export const ChangedVerdict = Type.Object({
  sha256: AnyDigest,
  name: Type.String(),
  before: VerdictThen,
  after: VerdictThen,
  atMs: time('When it changed'),
})
export const Database = Type.Object({ name: Type.String(), signatures: count(), skipped: count() })
export const Signature = Type.Object({
  name: Type.String(),
  database: Type.String(),
  line: count(),
  kind: Type.String(),
  source: Type.Optional(Type.String()),
})
export const Engine = Type.Object(
  {
    version: Type.String(),
    database: Type.String(),
    signatures: count(),
    databaseBuiltAtMs: Type.Number(),
    threads: Type.Object({ live: count(), idle: Type.Integer(), max: count() }),
    queued: count(),
    scans: count(),
    bytes: count(),
    engines: Type.Array(
      Type.Object({ name: Type.String(), state: oneOf(['up', 'draining', 'down']), threads: count(), busy: count() }),
    ),
  },
  { description: 'Version, database and load of the engines' },
)
export const Reloaded = Type.Object({
  changed: Type.Boolean(),
  database: Type.String(),
  signatures: count(),
  skipped: count(),
  elapsedMs: Type.Number(),
})
export const Health = Type.Object({ ok: Type.Boolean(), version: Type.String(), uptimeMs: Type.Number() })
export const Readiness = Type.Object({
  ok: Type.Boolean(),
  checks: Type.Array(
    Type.Object({
      name: oneOf(['ledger', 'vault', 'scanner', 'queue']),
      ok: Type.Boolean(),
      detail: Type.String(),
    }),
  ),
})
export const Queue = Type.Object({
  waiting: count(),
  leased: count(),
  dead: count(),
  waitingByPriority: Type.Record(Type.String(), count()),
  oldestWaitingMs: Type.Number(),
  deliveriesWaiting: count(),
  deliveriesDead: count(),
})
export const DeadLetter = Type.Object({
  id: AnyId,
  kind: oneOf(['scan', 'delivery']),
  scan: Type.String(),
  name: Type.String(),
  url: Type.Optional(Type.String()),
  attempts: count(),
  reason: Type.Object({ code: Type.String(), message: Type.String() }),
  atMs: time('When it was given up'),
})
const days = Type.Optional(Type.Integer({ minimum: 1, maximum: 36_500, description: 'Days; absent: never' }))
export const Retention = closed(
  { cleanDays: days, findingsDays: days, failedDays: days, contentDays: days, auditDays: days, statisticsDays: days },
  'Days after which something is deleted',
)
export const RetentionOutcome = Type.Object({
  scans: count(),
  samples: count(),
  contents: count(),
  auditEntries: count(),
  statisticsRows: count(),
})
const limitField = Type.Optional(Type.Integer({ minimum: 0, maximum: SAFE }))
export const Quota = closed(
  { scansPerMinute: limitField, scansPerDay: limitField, bytesPerDay: limitField, inFlight: limitField },
  'Limits; absent: none',
)
export const Password = Type.String({ minLength: 1, maxLength: 1024, description: 'Password' })
export const AccountName = Type.String({ minLength: 1, maxLength: 128, description: 'Name to log in with' })
export const Account = Type.Object({
  id: AnyId,
  name: Type.String(),
  role: Role,
  disabled: Type.Boolean(),
  quota: Quota,
  createdAtMs: time('When it was made'),
  oidc: Type.Optional(Type.Object({ issuer: Type.String(), subject: Type.String() })),
})
export const Key = Type.Object({
  id: AnyId,
  account: Type.String(),
  label: Type.String(),
  role: Role,
  createdAtMs: time('When it was made'),
  expiresAtMs: Type.Optional(time('When it ends')),
  lastUsedMs: Type.Optional(time('When it was last used')),
  quota: Quota,
})
export const Session = Type.Object({
  csrf: text('Send it as X-CSRF-Token with each request that changes something'),
  expiresAtMs: time('When the session ends'),
  account: Account,
})
export const Me = Type.Object({
  account: Type.String(),
  name: Type.String(),
  role: Type.Optional(Role),
  allowed: Type.Array(Type.String(), { description: 'Use cases that may be asked' }),
})
export const QuotaState = Type.Object({ quota: Quota, used: Type.Record(Type.String(), Type.Number()) })
export const AuditEntry = Type.Object({
  id: AnyId,
  atMs: time('When'),
  account: Type.String(),
  name: Type.String(),
  key: Type.Optional(Type.String()),
  address: Type.String(),
  door: oneOf(DOORS),
  action: text('Name of the use case'),
  target: text('What it was done to'),
  outcome: text('`done`, or the code of the refusal'),
})

/** What the document describes once and names where it is used. */
export const COMPONENTS: Readonly<Record<string, TSchema>> = {
  Scan, Report, Submitted, Scanned, Problem, BatchEntry, Sample, LookUp, Artifact, Comment, SampleAnswer, SearchAnswer,
  Completion, Statistics, RetroScan, ChangedVerdict, Database, Signature, Engine, Reloaded, Health, Readiness, Queue,
  DeadLetter, Retention, RetentionOutcome, Quota, Account, Key, Session, Me, QuotaState, AuditEntry,
  UploadOptions,
} // prettier-ignore
