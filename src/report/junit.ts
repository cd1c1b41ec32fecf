import type { ArtifactReport, Detection, Report, ScanError } from './model.ts'
import { isFinding } from './verdict.ts'
import { visible } from './visible.ts'
import type { ReportWriter } from './writer.ts'
import { markup } from './xml/escape.ts'

// JUnit XML, for continuous integration: each file is a suite of one test case, so that every count is known when it
// is written. A finding is a failure; what could not be looked at is an error, so that no pipeline passes over it.

type Outcome = { readonly element: 'failure' | 'error'; readonly type: string; readonly lines: readonly string[] }

/** Writes results as JUnit XML; errors come where they happen. */
export function createJunitWriter(): ReportWriter {
  return {
    begin: () => '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="lazaret">\n',
    report: (report: Report) => suite(report.name, report.elapsedMs, outcomeOf(report), report.startedAt),
    error: ({ name, code, message }: ScanError) =>
      suite(name, 0, { element: 'error', type: code, lines: [`${code}: ${message}`] }),
    end: () => '</testsuites>\n',
  }
}

function outcomeOf({ verdict, artifacts }: Report): Outcome | undefined {
  if (isFinding(verdict)) return { element: 'failure', type: verdict, lines: artifacts.flatMap(detectionLines) }
  if (verdict !== 'unscannable') return undefined
  const lines = artifacts.flatMap(({ notSeen }) => notSeen.map(note => `${note.path}: ${note.reason}: ${note.detail}`))
  return { element: 'error', type: verdict, lines }
}

const detectionLines = (artifact: ArtifactReport): string[] =>
  artifact.detections.map((detection: Detection) => `${detection.where?.path ?? artifact.path}: ${detection.name}`)

function suite(name: string, elapsedMs: number, outcome: Outcome | undefined, startedAt?: string): string {
  const label = attribute('name', name)
  const time = attribute('time', (elapsedMs / 1000).toFixed(3))
  const timestamp = startedAt === undefined ? '' : attribute('timestamp', startedAt)
  const [failures, errors] = [outcome?.element === 'failure' ? 1 : 0, outcome?.element === 'error' ? 1 : 0]
  const counts = ` tests="1" failures="${failures}" errors="${errors}" skipped="0"`
  const testcase = `    <testcase${label} classname="lazaret.scan"${time}`
  return [
    `  <testsuite${label}${counts}${time}${timestamp}>`,
    ...(outcome === undefined ? [`${testcase}/>`] : [`${testcase}>`, outcomeElement(outcome), '    </testcase>']),
    '  </testsuite>\n',
  ].join('\n')
}

function outcomeElement({ element, type, lines }: Outcome): string {
  const body = lines.map(line => markup(visible(line))).join('\n')
  return `      <${element}${attribute('type', type)}${attribute('message', lines[0] ?? type)}>${body}</${element}>`
}

const attribute = (name: string, value: string): string => ` ${name}="${markup(visible(value))}"`
