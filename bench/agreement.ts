// Verdict by verdict against clamscan: a positive and near misses for every signature that can be forged.
// Writes conformance/agreement/differences.md and a record. Takes some ten minutes for the whole real set.
// usage: node bench/agreement.ts [--every N] [--parallel 2]
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { agree } from '../conformance/agreement/agree.ts'
import { differencesPage, explain, share } from '../conformance/agreement/explain.ts'
import { lazaret } from '../conformance/agreement/scanners.ts'
import { SCRATCH, SHARED } from './lib/folders.ts'
import { record } from './lib/record.ts'

const PROMISED_SHARE = 0.999
const SOURCES = ['clamav/main.ldb', 'clamav/daily.ndb', 'maldet/rfxn.ndb', 'punch/MiscreantPunch099-Low.ldb']
const PAGE = join(import.meta.dirname, '..', 'conformance', 'agreement', 'differences.md')

const { values } = parseArgs({
  options: { every: { type: 'string', default: '1' }, parallel: { type: 'string', default: '2' } },
})
const every = Number(values.every)
const paths = SOURCES.map(source => join(SHARED, 'signatures', source))
const isWanted = (_: unknown, index: number) => index % every === 0
const agreement = await agree(paths, join(SCRATCH, 'agreement'), lazaret, Number(values.parallel), isWanted)

const unexplained = agreement.differences.filter(difference => explain(difference) === 'unexplained')
for (const { signature, variant, peer, ours } of unexplained) {
  console.log(`${signature} ${variant}: clamscan ${peer.join(' ')} lazaret ${ours.join(' ')}`)
}
if (every === 1) writeFileSync(PAGE, differencesPage(agreement, SOURCES))
const kept = record('agreement', [
  {
    what: 'files on which both report the same names',
    unit: 'share',
    peer: PROMISED_SHARE,
    ours: share(agreement),
    ratio: share(agreement) / PROMISED_SHARE,
    promise: 1,
    note: `${agreement.forged} signatures, ${agreement.differences.length} differences, ${unexplained.length} unexplained`,
  },
])
process.exitCode = kept && unexplained.length === 0 ? 0 : 1
