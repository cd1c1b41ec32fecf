// Every option, declared once. Flags, environment, lazaret.config.json, help, checks and docs/options.md come from
// this table; docs.test.ts ties the page to it.

import { FORMATS } from '../report/index.ts'
import { MAX_CONTENT_BYTES, RUNTIME_LIMITS } from '../runtime/limits.ts'
import { ALERTS, TREE_LIMITS } from '../scan/limits.ts'
import { CLAMD_LIMITS } from '../services/clamd/limits.ts'
import { KEEP_RULES, ROLES, USE_CASE_LIMITS } from '../usecases/limits.ts'
import { NATIVE_LIMITS } from '../services/native/limits.ts'
import { INTERVALS, STATISTICS_FORMATS } from '../statistics/limits.ts'

/** How the text of an option is read; the reader of each kind is in values.ts. */
export type Kind =
  | 'flag'
  | 'text'
  | 'path'
  | 'address'
  | 'choice'
  | 'integer'
  | 'seconds'
  | 'milliseconds'
  | 'size'
  | 'mode'
  | 'time'

/** One option. `name` is the key in lazaret.config.json; the flag and the environment variable are made from it. */
export interface OptionSpec {
  readonly name: string
  readonly kind: Kind
  /** May be given several times; the value is a list. */
  readonly many?: true
  /** Value when nobody gave one; without it the value is undefined, and `otherwise` says what happens then. */
  readonly default?: string | number | boolean
  readonly otherwise?: string
  readonly choices?: readonly string[]
  /** Commands that have other choices. */
  readonly choicesOf?: Readonly<Record<string, readonly string[]>>
  /** Smallest and largest value, in the unit of the kind: a number, seconds or bytes. */
  readonly range?: readonly [number, number]
  /** What stands for the value in help. */
  readonly placeholder?: string
  readonly text: string
  readonly commands: readonly string[]
  /** Rarely needed: help names it only on the page of options. */
  readonly advanced?: true
}

const DAY_SECONDS = 86_400
/** Where HTTP is spoken if nobody says otherwise. */
export const HTTP_DEFAULT = '127.0.0.1:8320'

const ASKING = ['scan', 'status', 'db reload'] as const
const ACCOUNT = [
  'account add',
  'account list',
  'account change',
  'account disable',
  'account enable',
  'account delete',
  'account key',
  'account keys',
  'account revoke',
] as const
const QUOTA = ['account add', 'account change', 'account key'] as const
const AUDIT = ['audit export', 'audit verify'] as const
const VAULT = ['vault rotate', 'vault check'] as const
const LEDGER = ['search', 'backup', 'restore', ...ACCOUNT, ...AUDIT, ...VAULT] as const
const EVERYWHERE = [
  'scan',
  'serve',
  'db build',
  'db info',
  'db verify',
  'db reload',
  'component list',
  'component run',
  'stats',
  'status',
  'search',
  'backup',
  'restore',
  ...ACCOUNT,
  ...AUDIT,
  ...VAULT,
  'doctor',
  'version',
] as const

const DECLARED = [
  {
    name: 'server',
    kind: 'address',
    text: 'Server to ask.',
    otherwise: 'the server whose socket lies in the data directory',
    commands: ASKING,
  },
  {
    name: 'local',
    kind: 'flag',
    default: false,
    text: 'Scan in this process, even where a server is running.',
    commands: ['scan'],
  },
  {
    name: 'db',
    kind: 'path',
    many: true,
    text: 'Database: a built image, a signature file, or a directory of them. Given several times, they are joined. A scan with this flag asks no server.',
    otherwise: 'the starter database of the package',
    commands: ['scan', 'serve', 'doctor'],
  },
  {
    name: 'format',
    kind: 'choice',
    choices: FORMATS,
    choicesOf: { stats: STATISTICS_FORMATS },
    default: 'text',
    text: 'Format of what is written to standard output.',
    commands: ['scan', 'stats'],
  },
  {
    name: 'json',
    kind: 'flag',
    default: false,
    text: 'Write JSON instead of text; for scan and stats the same as --format json.',
    commands: [
      'scan',
      'stats',
      'status',
      'db build',
      'db info',
      'db verify',
      'db reload',
      'component list',
      'component run',
      'search',
      'account list',
      'account keys',
      'account key',
      'audit verify',
      'vault check',
      'doctor',
      'version',
    ],
  },
  {
    name: 'allMatches',
    kind: 'flag',
    default: false,
    text: 'Report every signature that matches instead of the first one.',
    commands: ['scan'],
  },
  {
    name: 'maxTime',
    kind: 'seconds',
    default: RUNTIME_LIMITS.maxTimeMs / 1000,
    range: [0.001, DAY_SECONDS],
    text: 'Time limit for one file; what was not seen by then is reported as unscannable.',
    commands: ['scan', 'serve'],
  },
  {
    name: 'password',
    kind: 'text',
    many: true,
    text: 'Password to try on encrypted content, before those found around it and the usual ones. May be given several times.',
    otherwise: 'none',
    commands: ['scan', 'component run'],
  },
  {
    name: 'type',
    kind: 'text',
    placeholder: 'TYPE',
    text: 'Type of the file, as reports name it.',
    otherwise: 'identified from the content',
    commands: ['component run'],
  },
  {
    name: 'jobs',
    kind: 'integer',
    default: 16,
    range: [1, 1024],
    text: 'Files in flight at the same time.',
    commands: ['scan'],
  },
  {
    name: 'data',
    kind: 'path',
    placeholder: 'DIR',
    text: 'Data directory: sockets, cache, configuration file.',
    otherwise: '`~/.local/share/lazaret`, for root `/var/lib/lazaret`',
    commands: ['scan', 'serve', 'db reload', 'status', ...LEDGER, 'doctor'],
  },
  {
    name: 'config',
    kind: 'path',
    placeholder: 'FILE',
    text: 'Configuration file.',
    otherwise: '`lazaret.config.json` in the data directory, where there is one',
    commands: ['scan', 'serve', 'db reload', 'status', ...LEDGER, 'doctor'],
  },
  {
    name: 'store',
    kind: 'text',
    placeholder: 'STORE',
    text: 'Ledger of scans and jobs: sqlite:PATH, or postgres://USER@HOST/DATABASE for several servers together.',
    otherwise: '`sqlite:DATA/ledger.db`',
    commands: ['serve', ...LEDGER, 'doctor'],
  },
  {
    name: 'vault',
    kind: 'text',
    placeholder: 'PLACE',
    text: 'Where content is kept, encrypted: a folder, or s3://BUCKET/PREFIX for several servers together.',
    otherwise: '`DATA/vault`',
    commands: ['serve', ...VAULT, 'doctor'],
  },
  {
    name: 's3Endpoint',
    kind: 'text',
    placeholder: 'URL',
    text: 'Server that speaks S3.',
    otherwise: 'the one of Amazon in that region',
    commands: ['serve', ...VAULT, 'doctor'],
    advanced: true,
  },
  {
    name: 's3Region',
    kind: 'text',
    default: 'us-east-1',
    text: 'Region of the bucket.',
    commands: ['serve', ...VAULT, 'doctor'],
    advanced: true,
  },
  {
    name: 's3KeyFile',
    kind: 'path',
    placeholder: 'FILE',
    text: 'File whose first line is ACCESS-KEY:SECRET for the bucket.',
    otherwise: 'the environment variable LAZARET_S3_KEY',
    commands: ['serve', ...VAULT, 'doctor'],
    advanced: true,
  },
  {
    name: 'vaultKeyFile',
    kind: 'path',
    placeholder: 'FILE',
    text: 'Master keys of the vault. Whoever has the content without them has nothing; without them the content is lost. Servers that share a vault need the same file.',
    otherwise: '`DATA/vault.keys`',
    commands: ['serve', ...VAULT, 'doctor'],
  },
  {
    name: 'auditKeyFile',
    kind: 'path',
    placeholder: 'FILE',
    text: 'Key that seals the audit log. Servers that share a ledger need the same file.',
    otherwise: '`DATA/audit.key`',
    commands: ['serve', ...ACCOUNT, ...AUDIT, ...VAULT],
  },
  {
    name: 'deep',
    kind: 'flag',
    default: false,
    text: 'Decrypt and hash everything.',
    commands: ['vault check'],
  },
  {
    name: 'dropOld',
    kind: 'flag',
    default: false,
    text: 'Forget the keys that nothing is sealed by any more. Older backups of the vault can then not be read.',
    commands: ['vault rotate'],
  },
  {
    name: 'csv',
    kind: 'flag',
    default: false,
    text: 'Write comma-separated values instead.',
    commands: ['audit export'],
  },
  {
    name: 'role',
    kind: 'choice',
    choices: ROLES,
    text: 'Role of the account or key.',
    otherwise: 'viewer for an account, administrator for the first one; for a key the role of its account',
    commands: ['account add', 'account change', 'account key'],
  },
  {
    name: 'passwordFile',
    kind: 'path',
    placeholder: 'FILE',
    text: 'File whose first line is the password of the account.',
    otherwise: 'none; a new account gets one that is shown',
    commands: ['account add', 'account change'],
  },
  {
    name: 'label',
    kind: 'text',
    default: 'command line',
    text: 'What the key is for; scans made with it carry this label.',
    commands: ['account key'],
  },
  {
    name: 'days',
    kind: 'integer',
    range: [1, 36_500],
    text: 'Days until the key expires.',
    otherwise: 'never',
    commands: ['account key'],
  },
  {
    name: 'scansPerMinute',
    kind: 'integer',
    range: [0, 1_000_000_000],
    text: 'Quota of the account or key.',
    otherwise: 'no limit',
    commands: QUOTA,
  },
  {
    name: 'scansPerDay',
    kind: 'integer',
    range: [0, 1_000_000_000],
    text: 'Quota of the account or key.',
    otherwise: 'no limit',
    commands: QUOTA,
  },
  {
    name: 'bytesPerDay',
    kind: 'size',
    range: [0, 2 ** 50],
    text: 'Quota of the account or key.',
    otherwise: 'no limit',
    commands: QUOTA,
  },
  {
    name: 'claim',
    kind: 'flag',
    default: false,
    text: 'Start without accounts although other machines can reach the server: nobody may do anything before the first administrator was made by the one-time link that is written to the log.',
    commands: ['serve'],
  },
  {
    name: 'oidcIssuer',
    kind: 'text',
    placeholder: 'URL',
    text: 'Identity provider at which people may log in (OpenID Connect).',
    otherwise: 'none',
    commands: ['serve'],
    advanced: true,
  },
  {
    name: 'oidcClient',
    kind: 'text',
    placeholder: 'ID',
    text: 'Name of this server at the provider.',
    otherwise: 'needed with --oidc-issuer',
    commands: ['serve'],
    advanced: true,
  },
  {
    name: 'oidcSecretFile',
    kind: 'path',
    placeholder: 'FILE',
    text: 'File whose first line is the secret of this server at the provider.',
    otherwise: 'needed with --oidc-issuer',
    commands: ['serve'],
    advanced: true,
  },
  {
    name: 'oidcRedirect',
    kind: 'text',
    many: true,
    placeholder: 'URL',
    text: 'Address to which the provider sends people back, as it is registered there.',
    otherwise: 'needed with --oidc-issuer',
    commands: ['serve'],
    advanced: true,
  },
  {
    name: 'oidcScope',
    kind: 'text',
    many: true,
    placeholder: 'SCOPE',
    text: 'Scope to ask for beside openid.',
    otherwise: 'profile and email',
    commands: ['serve'],
    advanced: true,
  },
  {
    name: 'oidcClaim',
    kind: 'text',
    default: 'groups',
    text: 'Claim that decides about the role.',
    commands: ['serve'],
    advanced: true,
  },
  {
    name: 'oidcRole',
    kind: 'text',
    many: true,
    placeholder: 'ROLE=VALUE',
    text: 'Role for those whose claim has this value, or * for everybody whom the provider knows; the strongest one counts.',
    otherwise: 'nobody may log in',
    commands: ['serve'],
    advanced: true,
  },
  {
    name: 'keep',
    kind: 'choice',
    choices: KEEP_RULES,
    default: USE_CASE_LIMITS.keep,
    text: 'Content that stays in the vault after its scan, where the submitter does not ask otherwise; detections: what is not clean.',
    commands: ['serve'],
  },
  {
    name: 'record',
    kind: 'choice',
    choices: ['native', 'clamd'],
    many: true,
    text: 'Record scans of these listeners in the ledger too, and keep their content by the same rule. May be given several times.',
    otherwise: 'none',
    commands: ['serve'],
  },
  {
    name: 'http',
    kind: 'text',
    placeholder: 'HOST:PORT',
    default: HTTP_DEFAULT,
    text: 'Listen here with HTTP, for REST; `https://HOST:PORT` with --cert and --key; `none`: nowhere. Where other machines can reach it, accounts are needed.',
    commands: ['serve'],
  },
  {
    name: 'httpHost',
    kind: 'text',
    placeholder: 'NAME',
    many: true,
    text: 'Name under which the HTTP listener is reached, as it stands in the header Host. May be given several times.',
    otherwise: 'on loopback the names of loopback, elsewhere any',
    commands: ['serve'],
  },
  {
    name: 'fetchUrls',
    kind: 'flag',
    default: false,
    text: 'Fetch content from URLs that clients name; only from public addresses.',
    commands: ['serve'],
  },
  {
    name: 'webhookPrivate',
    kind: 'flag',
    default: false,
    text: 'Send webhooks to private addresses too.',
    commands: ['serve'],
  },
  {
    name: 'maxUpload',
    kind: 'size',
    default: USE_CASE_LIMITS.maxUploadBytes,
    range: [1, 2 ** 40],
    text: 'Longest content that is taken into the vault.',
    commands: ['serve'],
  },
  {
    name: 'maxQueued',
    kind: 'integer',
    default: USE_CASE_LIMITS.maxQueued,
    range: [1, 100_000_000],
    text: 'Jobs waiting in the ledger; one more is answered busy.',
    commands: ['serve'],
  },
  {
    name: 'limit',
    kind: 'integer',
    default: 50,
    range: [1, 1000],
    text: 'Scans that are shown.',
    commands: ['search'],
  },
  {
    name: 'native',
    kind: 'address',
    many: true,
    text: 'Listen here with the native protocol.',
    otherwise: '`unix:DATA/native.sock`',
    commands: ['serve'],
  },
  {
    name: 'clamd',
    kind: 'address',
    many: true,
    text: 'Listen here with the clamd dialect. It has no authentication and no TLS.',
    otherwise: 'nowhere',
    commands: ['serve'],
  },
  {
    name: 'workers',
    kind: 'integer',
    range: [1, 256],
    placeholder: 'N',
    text: 'Matcher threads of the engine.',
    otherwise: 'one for each processor',
    commands: ['scan', 'serve'],
  },
  {
    name: 'token',
    kind: 'text',
    text: 'Secret that clients show, and that a server demands of them. Other users of the machine can see flags: prefer --token-file or the environment.',
    otherwise: 'no token',
    commands: ['serve', ...ASKING],
  },
  {
    name: 'tokenFile',
    kind: 'path',
    placeholder: 'FILE',
    text: 'File whose first line is that secret.',
    otherwise: 'none',
    commands: ['serve', ...ASKING],
  },
  {
    name: 'adminTokenFile',
    kind: 'path',
    placeholder: 'FILE',
    text: 'File whose first line is the secret of those who may also ask for statistics and reloads.',
    otherwise: 'beyond the unix socket nobody may',
    commands: ['serve'],
  },
  {
    name: 'cert',
    kind: 'path',
    placeholder: 'FILE',
    text: 'TLS certificate in PEM form: of the server, or of the client that asks it.',
    otherwise: 'none; `tls:` listeners need one',
    commands: ['serve', ...ASKING],
  },
  {
    name: 'key',
    kind: 'path',
    placeholder: 'FILE',
    text: 'Private key of that certificate in PEM form.',
    otherwise: 'none',
    commands: ['serve', ...ASKING],
  },
  {
    name: 'ca',
    kind: 'path',
    placeholder: 'FILE',
    text: 'Authority that signed the certificate of the server.',
    otherwise: 'the authorities this machine trusts',
    commands: ASKING,
  },
  {
    name: 'clientCa',
    kind: 'path',
    placeholder: 'FILE',
    text: 'Authority that signs client certificates; with it, clients without one are refused.',
    otherwise: 'client certificates are not asked for',
    commands: ['serve'],
  },
  {
    name: 'maxFileSize',
    kind: 'size',
    default: RUNTIME_LIMITS.maxFileSizeBytes,
    range: [1, MAX_CONTENT_BYTES],
    text: 'Longest content that is scanned; longer content is reported as unscannable.',
    commands: ['scan', 'serve'],
  },
  {
    name: 'maxDepth',
    kind: 'integer',
    default: TREE_LIMITS.maxDepth,
    range: [0, 100],
    text: 'Containers inside of containers that are taken apart.',
    commands: ['scan', 'serve'],
  },
  {
    name: 'maxMembers',
    kind: 'integer',
    default: TREE_LIMITS.maxArtifacts,
    range: [1, 1_000_000],
    text: 'Members of one file, at all depths together, that are looked at.',
    commands: ['scan', 'serve'],
  },
  {
    name: 'maxUnpacked',
    kind: 'size',
    default: TREE_LIMITS.maxOutputBytes,
    range: [1, 2 ** 40],
    text: 'Bytes that may come out of one file, at all depths together.',
    commands: ['scan', 'serve'],
  },
  {
    name: 'maxExpansion',
    kind: 'integer',
    default: TREE_LIMITS.maxExpansion,
    range: [1, 1_000_000],
    text: 'How many times the length of a file may come out of it, beyond the first 32 MiB; what expands more is taken for a bomb.',
    commands: ['scan', 'serve'],
  },
  {
    name: 'alert',
    kind: 'choice',
    choices: ALERTS,
    many: true,
    text: "Make detections of circumstances, with ClamAV's names: encrypted content, macros in documents, limits that were reached, broken programs. Without it, what was not seen makes a file unscannable all the same. May be given several times.",
    otherwise: 'none',
    commands: ['scan', 'serve'],
  },
  {
    name: 'by',
    kind: 'choice',
    choices: INTERVALS,
    default: 'day',
    text: 'What the timeline is cut into; in UTC, weeks begin on Monday.',
    commands: ['stats'],
  },
  {
    name: 'since',
    kind: 'time',
    text: 'Count only scans that started then or later.',
    otherwise: 'all',
    commands: ['stats'],
  },
  {
    name: 'until',
    kind: 'time',
    text: 'Count only scans that started before.',
    otherwise: 'all',
    commands: ['stats'],
  },
  {
    name: 'top',
    kind: 'integer',
    default: 20,
    range: [1, 100_000],
    text: 'Rows of each list that is ordered by how often something occurs.',
    commands: ['stats'],
  },
  {
    name: 'maxQueue',
    kind: 'integer',
    default: RUNTIME_LIMITS.maxQueue,
    range: [1, 1_000_000],
    text: 'Scans waiting for a thread; one more is answered busy at once.',
    commands: ['serve'],
  },
  {
    name: 'spoolMemory',
    kind: 'size',
    default: RUNTIME_LIMITS.spoolMemoryBytes,
    range: [0, 2 ** 40],
    text: 'Memory for content that is being received, all clients together; beyond it, it goes to files in the data directory.',
    commands: ['serve'],
  },
  {
    name: 'spoolFiles',
    kind: 'size',
    default: RUNTIME_LIMITS.spoolFileBytes,
    range: [0, 2 ** 50],
    text: 'Bytes of all those files together; beyond it, a client is answered busy.',
    commands: ['serve'],
  },
  {
    name: 'clamdVersion',
    kind: 'text',
    text: 'Text that VERSION of the clamd dialect answers.',
    otherwise: 'the version of Lazaret in the form clients expect',
    commands: ['serve'],
  },
  {
    name: 'clamdLax',
    kind: 'flag',
    default: false,
    text: 'Answer OK in the clamd dialect for what could not be scanned, as clamd does. Unsafe: OK then no longer means clean.',
    commands: ['serve'],
  },
  {
    name: 'clamdShutdown',
    kind: 'flag',
    default: false,
    text: 'Obey SHUTDOWN in the clamd dialect.',
    commands: ['serve'],
  },
  {
    name: 'clamdFollowLinks',
    kind: 'flag',
    default: false,
    text: 'Follow a symbolic link that a client of the clamd dialect names.',
    commands: ['serve'],
  },
  {
    name: 'clamdAllowRemote',
    kind: 'flag',
    default: false,
    text: 'Accept addresses for the clamd dialect that other machines can reach. It has no authentication: only behind a firewall.',
    commands: ['serve'],
  },
  {
    name: 'socketMode',
    kind: 'mode',
    default: 0o600,
    text: 'Mode of the unix sockets: who may open one may use it, and through the native one may reload.',
    commands: ['serve'],
  },
  {
    name: 'unwanted',
    kind: 'flag',
    default: false,
    text: 'Use signatures of potentially unwanted programs too (.hdu .hsu .mdu .msu .ndu .ldu).',
    commands: ['scan', 'serve', 'db build'],
  },
  {
    name: 'report',
    kind: 'flag',
    default: false,
    text: 'List every line that was left out, with file, line and reason.',
    commands: ['db build'],
  },
  {
    name: 'help',
    kind: 'flag',
    default: false,
    text: 'Show what the command does and its options.',
    commands: EVERYWHERE,
  },
] as const satisfies readonly OptionSpec[]

type Option = (typeof DECLARED)[number]
type Scalar<O extends Option> = O['kind'] extends 'flag'
  ? boolean
  : O['kind'] extends 'integer' | 'seconds' | 'size' | 'mode' | 'time'
    ? number
    : O extends { readonly choices: readonly (infer C)[] }
      ? C
      : string
type ValueOf<O extends Option> = O extends { readonly many: true }
  ? readonly Scalar<O>[]
  : O extends { readonly default: unknown }
    ? Scalar<O>
    : Scalar<O> | undefined

/** Name of a declared option: its key in the configuration file. */
export type OptionName = Option['name']
/** The value of every option after flags, environment, configuration file and defaults. */
export type Settings = { readonly [O in Option as O['name']]: ValueOf<O> } & {
  /** Its default depends on the user, so it stands in no table. */
  readonly data: string
}

/** Limits of the listeners become options by their own declarations: `maxStreams` of native → `nativeMaxStreams`. */
const LIMITS = { native: NATIVE_LIMITS, clamd: CLAMD_LIMITS }
type LimitGroup = keyof typeof LIMITS

const KIND_OF_UNIT = { bytes: 'size', 'bytes/s': 'size', ms: 'milliseconds', count: 'integer' } as const

const limitName = (group: string, name: string): string => `${group}${name[0].toUpperCase()}${name.slice(1)}`

const LIMIT_OPTIONS: readonly OptionSpec[] = Object.entries(LIMITS).flatMap(([group, limits]) =>
  Object.entries(limits).map(([name, limit]) => ({
    name: limitName(group, name),
    kind: KIND_OF_UNIT[limit.unit],
    default: limit.default,
    range: [limit.min, limit.max] as const,
    text: `${limit.text}.`,
    commands: ['serve'],
    advanced: true as const,
  })),
)

/** Every option there is. */
export const OPTIONS: readonly OptionSpec[] = [...DECLARED.slice(0, -1), ...LIMIT_OPTIONS, ...DECLARED.slice(-1)]

/** The options that a command takes, in the order of the table, with the choices that it has. */
export const optionsOf = ({ name }: { readonly name: string }): readonly OptionSpec[] =>
  OPTIONS.filter(spec => spec.commands.includes(name) || spec.name === 'help').map(spec => {
    const choices = spec.choicesOf?.[name]
    return choices === undefined ? spec : { ...spec, choices }
  })

/** The limits of one kind of listener, as it takes them. */
export function limitsFor(group: LimitGroup, settings: Settings): Readonly<Record<string, number>> {
  const values = settings as unknown as Readonly<Record<string, number>>
  return Object.fromEntries(Object.keys(LIMITS[group]).map(name => [name, values[limitName(group, name)]]))
}

/** `allMatches` → `--all-matches`. */
export const flagOf = (name: string): string => `--${kebab(name)}`
/** `allMatches` → `LAZARET_ALL_MATCHES`. */
export const environmentOf = (name: string): string => `LAZARET_${kebab(name).replaceAll('-', '_').toUpperCase()}`

const kebab = (name: string): string => name.replaceAll(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)
