import { ClientError } from './errors.ts'

/** One option: flag, environment, help and check come from this table. */
interface OptionDeclaration {
  readonly type: 'string' | 'boolean'
  /** Name of the value in the help. */
  readonly value?: string
  readonly env?: string
  readonly text: string
}

export const OPTIONS = {
  server: { type: 'string', value: 'ADDR', env: 'LAZARET_SERVER', text: 'unix:PATH, tcp:HOST:PORT or tls:HOST:PORT' },
  'token-file': { type: 'string', value: 'FILE', env: 'LAZARET_TOKEN_FILE', text: 'File that holds the token' },
  ca: { type: 'string', value: 'FILE', env: 'LAZARET_CA', text: 'PEM file of the authorities to trust with tls:' },
  cert: { type: 'string', value: 'FILE', env: 'LAZARET_CERT', text: 'PEM file of the client certificate' },
  key: { type: 'string', value: 'FILE', env: 'LAZARET_KEY', text: 'PEM file of its key' },
  format: { type: 'string', value: 'NAME', text: 'How results are written; text by default' },
  'all-matches': { type: 'boolean', text: 'Report every match, not only the first' },
  'max-time': { type: 'string', value: 'SECONDS', text: 'Longest time for one file' },
  jobs: { type: 'string', value: 'N', text: 'Files under way at once; 16 by default' },
  help: { type: 'boolean', text: 'Show this' },
  version: { type: 'boolean', text: 'Show the versions of client and server' },
} as const satisfies Record<string, OptionDeclaration>

const DEFAULT_JOBS = 16
const MAX_JOBS = 1024
const MAX_SECONDS = 86_400

export interface Settings {
  readonly server: string | undefined
  readonly tokenFile: string | undefined
  readonly ca: string | undefined
  readonly cert: string | undefined
  readonly key: string | undefined
  readonly format: string
  readonly allMatches: boolean
  readonly maxTimeMs: number | undefined
  readonly jobs: number
  readonly help: boolean
  readonly version: boolean
  readonly paths: readonly string[]
}

/**
 * Reads the command line; what it leaves out comes from the environment.
 * @throws ClientError `bad-usage`
 */
export const readSettings = (argv: readonly string[], env: Readonly<Record<string, string | undefined>>): Settings => {
  const { values, positionals } = parse(argv)
  const text = (name: keyof typeof OPTIONS): string | undefined => {
    const option: OptionDeclaration = OPTIONS[name]
    const value = values[name] ?? (option.env === undefined ? undefined : env[option.env])
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const seconds = numberOf('max-time', text('max-time'), 0.001, MAX_SECONDS)
  return {
    server: text('server'),
    tokenFile: text('token-file'),
    ca: text('ca'),
    cert: text('cert'),
    key: text('key'),
    format: text('format') ?? 'text',
    allMatches: values['all-matches'] === true,
    maxTimeMs: seconds === undefined ? undefined : Math.ceil(seconds * 1000),
    jobs: Math.floor(numberOf('jobs', text('jobs'), 1, MAX_JOBS) ?? DEFAULT_JOBS),
    help: values['help'] === true,
    version: values['version'] === true,
    paths: positionals,
  }
}

interface Parsed {
  readonly values: Readonly<Record<string, string | boolean | undefined>>
  readonly positionals: readonly string[]
}

/** `--name value`, `--name=value`, `--name`; after `--` everything is a path. */
const parse = (argv: readonly string[]): Parsed => {
  const values: Record<string, string | boolean> = {}
  const positionals: string[] = []
  const rest = argv[Symbol.iterator]()
  for (const word of rest) {
    if (word === '--') return { values, positionals: [...positionals, ...rest] }
    if (!word.startsWith('-') || word === '-') {
      positionals.push(word)
      continue
    }
    const [, name = '', value] = /^--([^=]+)(?:=(.*))?$/s.exec(word) ?? []
    if (!isOption(name)) throw new ClientError('bad-usage', `Unknown option ${word}; see lazaret-client --help`)
    values[name] = OPTIONS[name].type === 'boolean' ? flagOf(name, value) : (value ?? textAfter(name, rest.next()))
  }
  return { values, positionals }
}

const isOption = (name: string): name is keyof typeof OPTIONS => Object.hasOwn(OPTIONS, name)

const flagOf = (name: string, value: string | undefined): true => {
  if (value === undefined) return true
  throw new ClientError('bad-usage', `--${name} takes no value; see lazaret-client --help`)
}

const textAfter = (name: string, next: IteratorResult<string, unknown>): string => {
  if (next.done !== true) return next.value
  throw new ClientError('bad-usage', `--${name} needs a value; see lazaret-client --help`)
}

const numberOf = (name: string, text: string | undefined, min: number, max: number): number | undefined => {
  if (text === undefined) return undefined
  const value = Number(text)
  if (value >= min && value <= max) return value
  throw new ClientError('bad-usage', `--${name} is ${text}; it must be a number from ${min} to ${max}`)
}

/** The help page, from the table. */
export const helpText = (formats: readonly string[], defaultServer: string): string => {
  const rows = Object.entries(OPTIONS).map(([name, option]: [string, OptionDeclaration]) => {
    const flag = option.value === undefined ? `--${name}` : `--${name} ${option.value}`
    const env = option.env === undefined ? '' : ` (${option.env})`
    return `  ${flag.padEnd(20)}  ${option.text}${env}`
  })
  return [
    'Usage: lazaret-client [OPTION]… PATH…',
    '',
    'Sends files to a Lazaret server and writes what it found. Folders are scanned with everything below them; links',
    'in them are not followed. "-" is the standard input.',
    '',
    ...rows,
    '',
    `Server unless named: ${defaultServer}`,
    `Formats: ${formats.join(', ')}`,
    'Exit codes: 0 clean, 1 something found, 2 an error, or something that could not be scanned',
    '',
  ].join('\n')
}
