import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { run } from '../../bench/lib/run.ts'
import { LAZARET } from '../../bench/lib/servers.ts'
import type { Results } from '../../src/report/index.ts'
import { missing } from '../needs.ts'
import { ROWS, type Row } from './rows.ts'

// The coverage table of docs/coverage.md: every cell is what clamscan and Lazaret say about a file that is made here.
// UPDATE_GOLDENS=1 rewrites the page.

const PAGE = join(import.meta.dirname, '../../docs/coverage.md')
const README = join(import.meta.dirname, '../../README.md')
const SIGNATURE = '71e7b604d18aefd839e51a39c88df8383bb4c071dc31f87f00a2b5df580d4495:544:ClamAV-Test-File\n'
const folder = mkdtempSync(join(tmpdir(), 'lazaret-coverage-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** What one scanner says of a file. */
type Cell = 'found' | 'unscannable' | 'OK'

function makeAll(): ReadonlyMap<string, Row> {
  const made = new Map<string, Row>()
  ROWS.forEach((row, i) => {
    const place = join(folder, 'files', String(i))
    mkdirSync(place, { recursive: true })
    made.set(row.make(place), row)
  })
  return made
}

async function clamscan(paths: readonly string[], database: string): Promise<ReadonlyMap<string, Cell>> {
  const { stdout } = await run('clamscan', ['--no-summary', '-d', database, ...paths])
  const cells = new Map<string, Cell>()
  for (const line of stdout.split('\n')) {
    const match = /^(.*): (.*)$/.exec(line)
    if (match !== null) cells.set(match[1], match[2].endsWith('FOUND') ? 'found' : 'OK')
  }
  return cells
}

async function lazaret(paths: readonly string[], database: string): Promise<ReadonlyMap<string, Cell>> {
  const options = ['scan', '--local', '--db', database, '--data', join(folder, 'data'), '--format', 'json', ...paths]
  const { stdout } = await run(process.execPath, [LAZARET, ...options])
  const { reports } = JSON.parse(stdout) as Results
  const words: Readonly<Record<string, Cell>> = { infected: 'found', unscannable: 'unscannable' }
  return new Map(reports.map(({ name, verdict }) => [name, words[verdict] ?? 'OK']))
}

interface Judged {
  readonly row: Row
  readonly clamav: Cell
  readonly lazaret: Cell
}

const BEGIN = '<!-- begin coverage -->'
const END = '<!-- end coverage -->'

/** The same in a few lines, for the front page. */
function summaryOf(rows: readonly Judged[]): string {
  const lines = [
    '| | Both see it | Only Lazaret sees it | Lazaret says `unscannable` | Called OK by both |',
    '|---|---|---|---|---|',
  ]
  for (const group of new Set(rows.map(({ row }) => row.group))) {
    const names = (fits: (judged: Judged) => boolean) =>
      rows
        .filter(judged => judged.row.group === group && fits(judged))
        .map(({ row }) => row.format)
        .join('; ')
    const cells = [
      names(({ clamav, lazaret: ours }) => clamav === 'found' && ours === 'found'),
      names(({ clamav, lazaret: ours }) => clamav !== 'found' && ours === 'found'),
      names(({ lazaret: ours }) => ours === 'unscannable'),
      names(({ clamav, lazaret: ours }) => clamav === 'OK' && ours === 'OK'),
    ]
    lines.push(`| ${group} | ${cells.join(' | ')} |`)
  }
  return lines.join('\n')
}

/** The front page with the part between its markers replaced. */
function frontPage(page: string, rows: readonly Judged[]): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)]
  expect(begin, `README.md has lost its marker ${BEGIN}`).toBeGreaterThan(0)
  expect(end).toBeGreaterThan(begin)
  return `${page.slice(0, begin)}${BEGIN}\n\n${summaryOf(rows)}\n\n${page.slice(end)}`
}

function pageOf(rows: readonly Judged[]): string {
  const count = (of: 'clamav' | 'lazaret', cell: Cell) => rows.filter(row => row[of] === cell).length
  const lines = [
    '# What is seen inside of what',
    '',
    'Each row is a file that holds one known program, and what two scanners with the signature of that program alone say',
    'about the file: ClamAV 1.4 as Debian ships and configures it, and Lazaret. `OK` means that the program was not seen, and',
    'nobody was told. The files are made, and the cells are checked, by `conformance/coverage`.',
    '',
    `Found: ClamAV ${count('clamav', 'found')} of ${rows.length}, Lazaret ${count('lazaret', 'found')}. Not seen, and said: ` +
      `ClamAV ${count('clamav', 'unscannable')}, Lazaret ${count('lazaret', 'unscannable')}. Not seen, and called OK: ` +
      `ClamAV ${count('clamav', 'OK')}, Lazaret ${count('lazaret', 'OK')}.`,
  ]
  let group = ''
  for (const { row, clamav, lazaret: ours } of rows) {
    if (row.group !== group) lines.push('', `## ${(group = row.group)}`, '', '| | ClamAV | Lazaret |', '|---|---|---|')
    lines.push(`| ${row.format} | ${clamav} | ${ours} |`)
  }
  return `${lines.join('\n')}\n`
}

test.skipIf(missing('clamscan', 'testfiles', 'lazaret', 'makers').length > 0)(
  'the page says what both scanners say',
  async () => {
    const database = join(folder, 'payload.hdb')
    writeFileSync(database, SIGNATURE)
    const made = makeAll()
    const paths = [...made.keys()]
    const [clamav, ours] = [await clamscan(paths, database), await lazaret(paths, database)]
    const rows = paths.map(path => ({
      row: made.get(path) as Row,
      clamav: clamav.get(path) ?? ('OK' as const),
      lazaret: ours.get(path) ?? ('OK' as const),
    }))
    // Brotli has no magic, and nothing tells it from noise.
    const blind = rows.filter(({ row, lazaret: cell }) => cell === 'OK' && row.format !== 'Brotli')
    expect(blind.map(({ row }) => row.format)).toEqual([])
    const less = rows.filter(({ clamav: theirs, lazaret: cell }) => theirs === 'found' && cell !== 'found')
    expect(less.filter(({ row }) => row.group !== 'Packed programs').map(({ row }) => row.format)).toEqual([])
    const page = pageOf(rows)
    const front = frontPage(readFileSync(README, 'utf8'), rows)
    if (process.env['UPDATE_GOLDENS'] === '1') {
      writeFileSync(PAGE, page)
      writeFileSync(README, front)
    }
    expect(readFileSync(PAGE, 'utf8')).toBe(page)
    expect(readFileSync(README, 'utf8')).toBe(front)
  },
  300_000,
)
