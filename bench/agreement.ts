// Verdict by verdict against clamscan: a positive and near misses for every signature that can be forged.
// Writes conformance/agreement/differences.md and a record. Takes some ten minutes for the whole real set.
// usage: node bench/agreement.ts [--every N] [--parallel 2]
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { agree, type Difference } from '../conformance/agreement/agree.ts'
import { differencesPage, explain, share, total } from '../conformance/agreement/explain.ts'
import { lazaret } from '../conformance/agreement/scanners.ts'
import { realSet, SCRATCH, SHARED } from './lib/folders.ts'
import { record } from './lib/record.ts'

const PROMISED_SHARE = 0.999
const WHOLE_SET_EVERY = 100
const SOURCES = ['clamav/main.ldb', 'clamav/daily.ndb', 'maldet/rfxn.ndb', 'punch/MiscreantPunch099-Low.ldb']
const PAGE = join(import.meta.dirname, '..', 'conformance', 'agreement', 'differences.md')

const { values } = parseArgs({
  options: { every: { type: 'string', default: '1' }, parallel: { type: 'string', default: '2' } },
})
const every = Number(values.every)
const paths = SOURCES.map(source => join(SHARED, 'signatures', source))
const parallel = Number(values.parallel)
const folder = join(SCRATCH, 'agreement')
const agreement = await agree({ paths, folder, ours: lazaret, parallel, isWanted: (_, index) => index % every === 0 })
// A sample again with the whole set at once, where the tables are full and signatures compete.
const whole = await agree({
  paths,
  folder,
  ours: lazaret,
  parallel: 1,
  isWanted: (_, index) => index % Math.max(every, WHOLE_SET_EVERY) === 0,
  database: realSet(),
})

const isUnexplained = (difference: Difference) => explain(difference) === 'unexplained'
const unexplained = [...agreement.differences, ...whole.differences].filter(isUnexplained)
for (const { signature, variant, peer, ours } of unexplained) {
  console.log(`${signature} ${variant}: clamscan ${peer.join(' ')} lazaret ${ours.join(' ')}`)
}
if (every === 1) writeFileSync(PAGE, differencesPage(agreement, whole, SOURCES))
const rows = Object.entries({ 'by parts': agreement, 'whole set': whole }).map(([what, result]) => ({
  what: `${what}: files on which both report the same names`,
  unit: 'share',
  peer: PROMISED_SHARE,
  ours: share(result),
  ratio: share(result) / PROMISED_SHARE,
  promise: 1,
  note: `${result.forged} signatures, ${result.differences.length} differences of ${total(result)} files`,
}))
console.log(`${unexplained.length} differences without an explanation`)
const kept = record('agreement', rows)
process.exitCode = kept && unexplained.length === 0 ? 0 : 1
