import type { FileType } from '../formats/index.ts'
import type { Reason } from '../report/index.ts'
import type { Findings } from './findings.ts'
import type { Alert } from './limits.ts'

// Detections that ClamAV makes of circumstances when it is told to: the same names, by the same kind of option. Without
// the option nothing is lost: what was not seen makes the verdict unscannable all the same.

/** What a heuristic looks at. */
interface Facts {
  readonly type: FileType
  readonly findings: Findings
}

const PREFIX = 'Heuristics.'

/** Value of the property `encrypted` → last part of the name. */
const ENCRYPTED: Readonly<Record<string, string>> = {
  zip: 'Zip',
  rar: 'RAR',
  '7zip': '7Zip',
  egg: 'EGG',
  pdf: 'PDF',
  ole2: 'OLE2',
}

/** Properties in which components tell of macros, and their values. */
const MACRO_PROPERTIES: ReadonlySet<string> = new Set(['ole2.macros', 'ooxml.macros'])
const MACROS: Readonly<Record<string, string>> = { vba: 'VBA', xlm: 'XLM' }

const LIMITS: Partial<Readonly<Record<Reason, string>>> = {
  'too-deep': 'MaxRecursion',
  'too-large': 'MaxScanSize',
  time: 'MaxScanTime',
}

/** Programs whose headers cannot be read. */
const EXECUTABLES: ReadonlySet<string> = new Set(['pe', 'elf', 'macho'])

const NAMES: Readonly<Record<Alert, (facts: Facts) => readonly string[]>> = {
  encrypted: ({ findings }) =>
    findings.properties
      .filter(({ name }) => name === 'encrypted')
      .map(({ value }) => `Encrypted.${ENCRYPTED[value] ?? 'Archive'}`),
  macros: ({ findings }) =>
    findings.properties
      .filter(({ name }) => MACRO_PROPERTIES.has(name))
      .flatMap(({ value }) => value.split(/[ ,]+/))
      .flatMap(value => (value in MACROS ? [`OLE2.ContainsMacros.${MACROS[value]}`] : [])),
  limits: ({ findings }) =>
    findings.notSeen.flatMap(({ reason }) => {
      const name = LIMITS[reason]
      return name === undefined ? [] : [`Limits.Exceeded.${name}`]
    }),
  broken: ({ type, findings }) =>
    EXECUTABLES.has(type.name) && findings.anomalies.some(({ code }) => code === 'header-unreadable')
      ? ['Broken.Executable']
      : [],
}

/** Adds the detections that were asked for to what was found in one artifact. */
export function addHeuristics(facts: Facts, alerts: readonly Alert[]): void {
  for (const name of new Set(alerts.flatMap(alert => NAMES[alert](facts))))
    facts.findings.detect({
      name: PREFIX + name,
      kind: 'heuristic',
      severity: 'suspicious',
      source: { database: 'heuristics', line: 0 },
    })
}
