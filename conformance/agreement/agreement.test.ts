import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { SHARED } from '../../bench/lib/folders.ts'
import { missing } from '../needs.ts'
import { agree, readSignatures, type Difference } from './agree.ts'
import { explain, share } from './explain.ts'
import { chooseByFeature } from './features.ts'
import { makeHashSet } from './hashes.ts'
import { lazaret, peerRaw } from './scanners.ts'

const SOURCES = ['clamav/main.ldb', 'clamav/daily.ndb', 'maldet/rfxn.ndb', 'punch/MiscreantPunch099-Low.ldb']
const EACH_FEATURE = 8
const PROMISED_SHARE = 0.999
const HASH_FILES = 400

const folder = mkdtempSync(join(tmpdir(), 'lazaret-agreement-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const tell = (one: Difference) =>
  `${one.signature} ${one.variant}: clamscan ${one.peer.join(' ')}, lazaret ${one.ours.join(' ')}`

describe.skipIf(missing('clamscan', 'lazaret').length > 0)('agreement with clamscan', () => {
  it.skipIf(missing('shared').length > 0)('on real signatures of every feature', async () => {
    const paths = SOURCES.map(source => join(SHARED, 'signatures', source))
    const chosen = chooseByFeature(readSignatures(paths).signatures, EACH_FEATURE)
    const lines = new Set([...chosen].map(signature => signature.line))
    const result = await agree({
      paths,
      folder: join(folder, 'bodies'),
      ours: lazaret,
      isWanted: signature => lines.has(signature.line),
    })
    expect(result.forged).toBeGreaterThan(200)
    expect(result.confirmed / result.files.positive).toBeGreaterThan(0.7)
    expect(result.differences.filter(one => explain(one) === 'unexplained').map(tell)).toEqual([])
    const explained = result.differences.filter(one => explain(one).startsWith('normalised-')).length
    expect((result.agreed + explained) / (result.agreed / share(result))).toBeGreaterThan(PROMISED_SHARE)
  })

  it('on hash signatures of files and sections', async () => {
    const { database, contents } = makeHashSet(HASH_FILES)
    const place = join(folder, 'hashes')
    const files = join(place, 'files')
    const databases = join(place, 'db')
    mkdirSync(files, { recursive: true })
    mkdirSync(databases)
    for (const [name, lines] of Object.entries(database)) writeFileSync(join(databases, name), `${lines.join('\n')}\n`)
    if (missing('shared').length === 0) {
      for (const name of ['main.hdb', 'daily.hsb'])
        symlinkSync(join(SHARED, 'signatures', 'clamav', name), join(databases, name))
    }
    contents.forEach((content, index) => writeFileSync(join(files, String(index)), content))
    const peer = await peerRaw(databases, files)
    const ours = await lazaret(databases, files)
    const foundByPeer = contents.map((_, index) => peer.names.get(join(files, String(index))) ?? [])
    const foundByUs = contents.map((_, index) => ours.names.get(join(files, String(index))) ?? [])
    expect(foundByPeer.filter(names => names.length > 0).length).toBeGreaterThan(HASH_FILES / 3)
    expect(foundByUs).toEqual(foundByPeer)
  })
})
