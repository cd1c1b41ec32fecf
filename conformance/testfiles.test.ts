import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { instream } from '../bench/lib/clamd-session.ts'
import { run } from '../bench/lib/run.ts'
import { ask, LAZARET, LAZARET_CLIENT, startLazaret, type ScanServer } from '../bench/lib/servers.ts'
import { connect } from '../src/client/index.ts'
import type { Results } from '../src/report/index.ts'
import { missing } from './needs.ts'

const FILES = '/usr/share/clamav-testfiles'
const CLAM = join(FILES, 'clam.exe')
const NAME = 'ClamAV-Test-File'
const SIGNATURE = `71e7b604d18aefd839e51a39c88df8383bb4c071dc31f87f00a2b5df580d4495:544:${NAME}\n`
const NATIVE_CLIENT = join(LAZARET_CLIENT, '..', 'client', 'lazaret-client-linux-x64')
/** Programs that have to be run, or emulated, to be unpacked. */
const PACKED = /^clam-(?:aspack|fsg|mew|pespin|petite|upack|upx|wwpack|yc)\.exe$/
const IS_FOUND = new RegExp(`: ${NAME}\\.UNOFFICIAL FOUND[\\0\\n]?$`)

const folder = mkdtempSync(join(tmpdir(), 'lazaret-testfiles-'))
const database = join(folder, 'clamav.hdb')
let server: ScanServer

const lazaret = (...options: readonly string[]) =>
  run(process.execPath, [LAZARET, ...options, '--data', join(folder, 'data')])

describe.skipIf(missing('testfiles', 'lazaret').length > 0)("ClamAV's test files with one hash signature", () => {
  beforeAll(async () => {
    writeFileSync(database, SIGNATURE)
    server = await startLazaret({ folder: join(folder, 'server'), database, threads: 2 })
  })
  afterAll(async () => {
    await server?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  describe('clam.exe is found', () => {
    const infected = (results: string) => {
      const { reports } = JSON.parse(results) as Results
      expect(reports.map(report => report.verdict)).toEqual(['infected'])
      expect(reports[0].artifacts[0].detections[0].name).toBe(`${NAME}.UNOFFICIAL`)
    }

    it('by the command line, locally', async () => {
      const { stdout, code } = await lazaret('scan', CLAM, '--local', '--db', database, '--format', 'json')
      expect(code).toBe(1)
      infected(stdout)
    })

    it('by the command line, with the server', async () => {
      const { stdout, code } = await lazaret('scan', CLAM, '--server', `unix:${server.native}`, '--format', 'json')
      expect(code).toBe(1)
      infected(stdout)
    })

    it.skipIf(missing('client').length > 0)('by the compact client', async () => {
      const options = [LAZARET_CLIENT, '--server', `unix:${server.native}`, '--format', 'json', CLAM]
      const { stdout, code } = await run(process.execPath, options)
      expect(code).toBe(1)
      infected(stdout)
    })

    it.skipIf(!existsSync(NATIVE_CLIENT))('by the single-file client', async () => {
      const { stdout, code } = await run(NATIVE_CLIENT, ['--server', `unix:${server.native}`, '--format', 'json', CLAM])
      expect(code).toBe(1)
      infected(stdout)
    })

    it('over the native protocol', async () => {
      const client = await connect(`unix:${server.native}`)
      const report = await client.scan({ name: 'clam.exe', content: readFileSync(CLAM) })
      client.close()
      expect(report.verdict).toBe('infected')
    })

    it.each(['SCAN', 'CONTSCAN', 'MULTISCAN', 'ALLMATCHSCAN'])('by %s of the file', async command => {
      expect(await ask(server.clamd, `z${command} ${CLAM}\0`)).toMatch(IS_FOUND)
    })

    it.each(['CONTSCAN', 'MULTISCAN'])('by %s of a folder', async command => {
      const place = join(folder, 'one')
      mkdirSync(place, { recursive: true })
      writeFileSync(join(place, 'clean.txt'), 'nothing in here\n')
      writeFileSync(join(place, 'clam.exe'), readFileSync(CLAM))
      const answer = await ask(server.clamd, `n${command} ${place}\n`)
      expect(answer).toBe(`${place}/clam.exe: ${NAME}.UNOFFICIAL FOUND\n`)
    })

    it('by INSTREAM', async () => {
      expect(await ask(server.clamd, instream(readFileSync(CLAM)))).toBe(`stream: ${NAME}.UNOFFICIAL FOUND\0`)
    })

    it('in an IDSESSION', async () => {
      const request = Buffer.concat([
        Buffer.from('zIDSESSION\0'),
        instream(readFileSync(CLAM)),
        Buffer.from(`zSCAN ${CLAM}\0zEND\0`),
      ])
      const answers = (await ask(server.clamd, request))
        .split('\0')
        .filter(line => line !== '')
        .sort()
      expect(answers).toEqual([`1: stream: ${NAME}.UNOFFICIAL FOUND`, `2: ${CLAM}: ${NAME}.UNOFFICIAL FOUND`])
    })

    it.skipIf(missing('clamdscan').length > 0).each(['', '--stream', '--multiscan', '--stream --multiscan'])(
      "by Debian's clamdscan %s",
      async text => {
        const options = text.split(' ').filter(option => option !== '')
        const configuration = join(folder, 'clamdscan.conf')
        writeFileSync(configuration, `LocalSocket ${server.clamd}\n`)
        const { stdout, code } = await run('clamdscan', [
          `--config-file=${configuration}`,
          '--no-summary',
          ...options,
          CLAM,
        ])
        expect(stdout).toBe(`${CLAM}: ${NAME}.UNOFFICIAL FOUND\n`)
        expect(code).toBe(1)
      },
    )
  })

  it('finds it in every container, at the end of a path, and calls no packed program clean', async () => {
    const { stdout, code } = await lazaret('scan', FILES, '--local', '--db', database, '--format', 'json')
    const { reports, errors } = JSON.parse(stdout) as Results
    expect(errors).toEqual([])
    expect(reports.length).toBe(readdirSync(FILES).length)
    expect(code).toBe(1)
    const packed = reports.filter(({ name }) => PACKED.test(basename(name)))
    expect(packed.length).toBe(9)
    expect(packed.filter(({ verdict }) => verdict !== 'infected' && verdict !== 'unscannable')).toEqual([])
    const others = reports.filter(report => !packed.includes(report))
    expect(others.filter(({ verdict }) => verdict !== 'infected').map(({ name }) => name)).toEqual([])
    for (const { name, artifacts } of others) {
      const found = artifacts.find(({ detections }) => detections.length > 0)
      expect(found?.size, name).toBe(544)
      expect(found?.path.startsWith(name), name).toBe(true)
      expect(found?.parent === undefined, name).toBe(name === CLAM)
    }
  })

  it('finds it in containers by the clamd dialect', async () => {
    for (const name of ['clam.zip', 'clam.7z', 'clam.tar.gz', 'clam.pdf', 'clam.mail']) {
      const answer = await ask(server.clamd, instream(readFileSync(join(FILES, name))))
      expect(answer, name).toBe(`stream: ${NAME}.UNOFFICIAL FOUND\0`)
    }
  })

  it('does not say OK for a packed program in the clamd dialect', async () => {
    const answer = await ask(server.clamd, instream(readFileSync(join(FILES, 'clam-upx.exe'))))
    expect(answer).toBe('stream: Heuristics.Limits.Exceeded.Unsupported FOUND\0')
  })
})
