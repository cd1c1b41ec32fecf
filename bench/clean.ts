// Clean programs of this machine: Lazaret must detect exactly what ClamAV detects, most likely nothing.
// usage: node bench/clean.ts [--megabytes 700] [--only elf,pe]
import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { clamscan } from '../conformance/agreement/clamscan.ts'
import { lazaret } from '../conformance/agreement/scanners.ts'
import { scanPaths } from './lib/clamd-session.ts'
import { elfCorpus, peCorpus, type Corpus } from './lib/corpora.ts'
import { realSet, SCRATCH } from './lib/folders.ts'
import { record, type Row } from './lib/record.ts'
import { PATIENT, startClamd, startLazaret } from './lib/servers.ts'
import { short } from './lib/statistics.ts'

const { values } = parseArgs({
  options: { megabytes: { type: 'string', default: '700' }, only: { type: 'string', default: 'elf,pe' } },
})
const bytes = Number(values.megabytes) * 1e6
const database = realSet()
const peer = await startClamd({ folder: join(SCRATCH, 'clamd'), database, threads: 2, clamdLines: PATIENT })
const ours = await startLazaret({ folder: join(SCRATCH, 'lazaret'), database, threads: 2 })
const rows: Row[] = []
try {
  if (values.only.includes('elf')) rows.push(await compare(elfCorpus(bytes)))
  if (values.only.includes('pe')) rows.push(await compare(peCorpus(bytes)))
} finally {
  await peer.stop()
  await ours.stop()
}
process.exitCode = record('clean', rows, { database: 'real set' }) ? 0 : 1

async function compare(corpus: Corpus): Promise<Row> {
  const byUs = await scanPaths(ours.clamd, corpus.paths)
  const byPeer = await scanPaths(peer.clamd, corpus.paths)
  const suspects = corpus.paths.filter(path => byPeer.answers.get(path) !== 'OK' || byUs.answers.get(path) !== 'OK')
  console.log(
    `${corpus.name}: ${corpus.paths.length} files, ${short(corpus.bytes / 1e6)} MB, ` +
      `clamd ${short(byPeer.elapsedMs / 1000)} s, lazaret ${short(byUs.elapsedMs / 1000)} s, ${suspects.length} not OK for one of them`,
  )
  const different = await namesDiffer(corpus.name, suspects)
  return {
    what: `${corpus.name}: files with the same detections`,
    unit: 'files',
    peer: corpus.paths.length,
    ours: corpus.paths.length - different,
    ratio: different === 0 ? 1 : 0,
    promise: 1,
    note: `${short(corpus.bytes / 1e6)} MB, ${suspects.length} with a detection`,
  }
}

/** All names of both scanners on a few files. */
async function namesDiffer(name: string, paths: readonly string[]): Promise<number> {
  if (paths.length === 0) return 0
  const folder = join(SCRATCH, `suspects-${name}`)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const links = paths.map((path, index) => {
    const link = join(folder, String(index))
    symlinkSync(path, link)
    return link
  })
  let different = 0
  for (const [index, link] of links.entries()) {
    const theirs = (await clamscan(database, link, ['--follow-file-symlinks=2'])).names.get(link) ?? []
    const mine = (await lazaret(database, link)).names.get(link) ?? []
    if (theirs.join() === mine.join()) continue
    different++
    console.log(`${paths[index]}: clamscan ${theirs.join(' ') || 'OK'}, lazaret ${mine.join(' ') || 'OK'}`)
  }
  return different
}
