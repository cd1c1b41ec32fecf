import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run } from '../bench/lib/run.ts'
import { startClamd, startLazaret, type ScanServer } from '../bench/lib/servers.ts'
import { toHex } from './carriers/bytes.ts'
import { missing } from './needs.ts'

// Clients of clamd's protocol as they are published, against Lazaret; and against clamd itself where it is installed,
// which shows that what is expected here is what clamd does.

const MARKER = 'lazaret-conformance-marker'
const NAME = 'Lazaret.Conformance.Marker.UNOFFICIAL'
/** Lazaret says its own name unless told otherwise; clients only look for a text. */
const VERSION = /^(?:ClamAV \d|Lazaret \d)/
const require = createRequire(import.meta.url)

interface ClamdJs {
  ping(host: string, port: number, timeoutMs?: number): Promise<boolean>
  version(host: string, port: number, timeoutMs?: number): Promise<string>
  isCleanReply(reply: string): boolean
  createScanner(
    host: string,
    port: number,
  ): {
    scanBuffer(buffer: Buffer, timeoutMs?: number, chunkBytes?: number): Promise<string>
    scanStream(stream: Readable, timeoutMs?: number): Promise<string>
    scanFile(path: string): Promise<string>
    scanDirectory(
      path: string,
      options: object,
    ): Promise<{ ScannedFiles: number; Infected: number; EncounterError: number }>
  }
}

interface NodeClam {
  init(options: object): Promise<NodeClam>
  ping(): Promise<unknown>
  getVersion(): Promise<string>
  isInfected(path: string): Promise<{ isInfected: boolean | null; viruses: string[] }>
  scanFile(path: string): Promise<{ isInfected: boolean | null; viruses: string[] }>
  scanStream(stream: Readable): Promise<{ isInfected: boolean | null; viruses: string[] }>
  scanDir(path: string): Promise<{ isInfected: boolean | null; badFiles: string[] }>
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>(resolve => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise(resolve => probe.close(resolve))
  return port
}

const SERVERS = [
  { name: 'lazaret', start: startLazaret, needs: missing('lazaret') },
  { name: 'clamd', start: startClamd, needs: missing('clamd') },
] as const

describe.each(SERVERS.filter(({ needs }) => needs.length === 0))(
  'unchanged clients of clamd against $name',
  ({ name, start }) => {
    const folder = mkdtempSync(join(tmpdir(), `lazaret-clients-${name}-`))
    const files = join(folder, 'files')
    const bad = join(files, 'bad.txt')
    const clean = join(files, 'clean.txt')
    const configuration = join(folder, 'client.conf')
    let server: ScanServer

    beforeAll(async () => {
      const database = join(folder, 'db')
      mkdirSync(database)
      mkdirSync(files)
      writeFileSync(join(database, 'test.ndb'), `Lazaret.Conformance.Marker:0:*:${toHex(MARKER)}\n`)
      writeFileSync(bad, `some words and the ${MARKER} among them\n`)
      writeFileSync(clean, 'some words and nothing among them\n')
      server = await start({ folder: join(folder, 'server'), database, threads: 2, port: await freePort() })
      writeFileSync(configuration, `LocalSocket ${server.clamd}\n`)
    })
    afterAll(async () => {
      await server?.stop()
      rmSync(folder, { recursive: true, force: true })
    })

    describe.skipIf(missing('clamdscan').length > 0)('clamdscan', () => {
      const clamdscan = (...options: readonly string[]) =>
        run('clamdscan', [`--config-file=${configuration}`, ...options])

      it.each(['', '--stream', '--multiscan', '--stream --multiscan', '--allmatch'])('of a folder %s', async text => {
        const options = text.split(' ').filter(option => option !== '')
        const { stdout, code } = await clamdscan('--no-summary', ...options, files)
        expect(stdout).toContain(`${bad}: ${NAME} FOUND`)
        expect(stdout).not.toContain('ERROR')
        expect(code).toBe(1)
      })

      it('a clean file', async () => {
        const { stdout, code } = await clamdscan('--no-summary', clean)
        expect(stdout).toBe(`${clean}: OK\n`)
        expect(code).toBe(0)
      })

      it('a missing file', async () => {
        const { stdout, stderr, code } = await clamdscan('--no-summary', join(files, 'absent'))
        expect(stdout + stderr).toMatch(/Can't access file|No such file/)
        expect(code).toBe(2)
      })

      it('standard input', async () => {
        const options = [`--config-file=${configuration}`, '--no-summary', '-']
        const { stdout, code } = await run('clamdscan', options, { input: readFileSync(bad) })
        expect(stdout).toContain(`${NAME} FOUND`)
        expect(code).toBe(1)
      })

      it('--ping, --version, --reload', async () => {
        expect((await clamdscan('--ping', '2:1')).code).toBe(0)
        expect((await clamdscan('--version')).stdout).toMatch(VERSION)
        expect((await clamdscan('--reload')).code).toBe(0)
      })
    })

    it.skipIf(missing('clamdtop').length > 0)('clamdtop shows the server', async () => {
      const typescript = join(folder, 'typescript')
      const command = `(sleep 3; printf q) | TERM=xterm LINES=40 COLUMNS=120 script -qefc "stty rows 40 cols 120; clamdtop ${server.clamd}" ${typescript}`
      await run('sh', ['-c', command], { timeoutMs: 20_000 })
      const screen = readFileSync(typescript, 'latin1')
      expect(screen).toContain('Details for Clamd version:')
      expect(screen).toMatch(/(?:ClamAV|Lazaret) \d/)
      expect(screen).toContain('Primary threads:')
      expect(screen).not.toMatch(/Unable|refused|ERROR/)
    })

    it.skipIf(missing('pyclamd').length > 0)('python3-pyclamd', async () => {
      const program = `
import pyclamd, json
for cd in (pyclamd.ClamdUnixSocket(${JSON.stringify(server.clamd)}), pyclamd.ClamdNetworkSocket('127.0.0.1', ${server.port})):
    print(json.dumps([cd.ping(), cd.scan_file(${JSON.stringify(bad)}), cd.scan_file(${JSON.stringify(clean)}),
      cd.contscan_file(${JSON.stringify(files)}), cd.multiscan_file(${JSON.stringify(files)}), {path: names[:1] for path, names in cd.allmatchscan(${JSON.stringify(bad)}).items()},
      cd.scan_stream(open(${JSON.stringify(bad)}, 'rb').read()), cd.scan_stream(b'nothing'), 'POOLS' in cd.stats(),
      cd.version().split()[0] in ('ClamAV', 'Lazaret'), cd.reload()]))
`
      const { stdout, stderr } = await run('/usr/bin/python3', ['-c', program])
      const found = { [bad]: ['FOUND', NAME] }
      const stream = { stream: ['FOUND', NAME] }
      const answers = stdout
        .trim()
        .split('\n')
        .map(line => JSON.parse(line) as unknown)
      const all = { [bad]: [['FOUND', NAME]] }
      const expected = [true, found, null, found, found, all, stream, null, true, true, 'RELOADING']
      expect(stderr).toBe('')
      expect(answers).toEqual([expected, expected])
    })

    it.skipIf(missing('perl').length > 0)('libclamav-client-perl', async () => {
      const program = `
      my $c = new ClamAV::Client(socket_name => '${server.clamd}');
      print defined $c && $c->ping ? "pong\\n" : "silent\\n";
      print $c->version, "\\n";
      my ($path, $result) = $c->scan_path('${bad}'); print "$path $result\\n";
      my @clean = $c->scan_path('${clean}'); print defined $clean[1] ? $clean[1] : 'clean', "\\n";
      my %all = $c->scan_path_complete('${files}'); print join(',', map { "$_ $all{$_}" } sort keys %all), "\\n";
      print $c->reload, "\\n";`
      const { stdout, stderr } = await run('perl', ['-MClamAV::Client', '-e', program])
      expect(stderr).toBe('')
      const [pong, version, one, none, all, reload] = stdout.split('\n')
      expect([pong, one, none, all, reload]).toEqual(['pong', `${bad} ${NAME}`, 'clean', `${bad} ${NAME}`, 'RELOADING'])
      expect(version).toMatch(VERSION)
    })

    describe.each(['socket', 'port'])('npm clamscan by %s', where => {
      let client: NodeClam
      beforeAll(async () => {
        const Constructor = require('clamscan') as new () => NodeClam
        const place =
          where === 'socket' ? { socket: server.clamd } : { host: '127.0.0.1', port: server.port, socket: false }
        const clamdscan = { ...place, timeout: 10_000, localFallback: false, active: true }
        client = await new Constructor().init({ clamdscan, clamscan: { active: false }, preference: 'clamdscan' })
      })

      it('reads version and verdicts', async () => {
        expect(await client.getVersion()).toMatch(VERSION)
        expect(await client.isInfected(bad)).toMatchObject({ isInfected: true, viruses: [NAME] })
        expect(await client.isInfected(clean)).toMatchObject({ isInfected: false, viruses: [] })
        expect(await client.scanStream(Readable.from([readFileSync(bad)]))).toMatchObject({ isInfected: true })
        expect(await client.scanStream(Readable.from([Buffer.from('nothing')]))).toMatchObject({ isInfected: false })
        expect(await client.scanDir(files)).toMatchObject({ badFiles: [bad] })
      })
    })

    it('npm clamdjs', async () => {
      const clamdjs = require('clamdjs') as ClamdJs
      const port = server.port ?? 0
      const scanner = clamdjs.createScanner('127.0.0.1', port)
      expect(await clamdjs.ping('127.0.0.1', port, 2000)).toBe(true)
      expect(await clamdjs.version('127.0.0.1', port, 2000)).toMatch(VERSION)
      expect(clamdjs.isCleanReply(await scanner.scanFile(clean))).toBe(true)
      expect(await scanner.scanFile(bad)).toContain(`${NAME} FOUND`)
      expect(await scanner.scanBuffer(readFileSync(bad), 3000, 7)).toContain(`${NAME} FOUND`)
      expect(await scanner.scanStream(Readable.from([Buffer.from('nothing')]), 3000)).toContain('OK')
      const summary = await scanner.scanDirectory(files, {
        timeout: 5000,
        chunkSize: 1024,
        scanningFile: 4,
        detail: true,
        cont: true,
      })
      expect(summary).toMatchObject({ ScannedFiles: 2, Infected: 1, EncounterError: 0 })
    })
  },
)
