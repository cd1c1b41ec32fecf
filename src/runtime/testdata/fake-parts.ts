import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { Detection, Report } from '../../report/index.ts'
import type { EngineThread, ScanRequest } from '../../scan/index.ts'
import type { EngineParts } from '../engine-parts.ts'

// An engine without a matcher, for tests. Its image is a JSON file; content says what is to happen:
//   EVIL            one detection; EVIL EVIL: two with allMatches
//   DIE             the whole process is killed;        DIE-ONCE PATH   only while PATH does not exist
//   THROW           the thread throws
//   HANG            the thread never returns;           SLOW MS         it takes that long
//   NAME            the report is named after the database

interface FakeImage {
  readonly database: string
  readonly signatures: number
  readonly refuse?: string
  /** A file with a number: so many engines are killed while they load. */
  readonly dieLoading?: string
}

const WINDOW_BYTES = 64 * 1024
const sleeper = new Int32Array(new SharedArrayBuffer(4))

const detection: Detection = {
  name: 'Fake.Evil',
  kind: 'body',
  severity: 'malicious',
  source: { database: 'fake.ndb', line: 1 },
}

const obey = (text: string): void => {
  const [word, argument] = text.split(' ')
  if (word === 'DIE') process.kill(process.pid, 'SIGKILL')
  if (word === 'DIE-ONCE' && !existsSync(argument)) {
    writeFileSync(argument, '')
    process.kill(process.pid, 'SIGKILL')
  }
  if (word === 'THROW') throw new Error('the fake thread throws')
  if (word === 'HANG') for (;;) Atomics.wait(sleeper, 0, 0, 1)
  if (word === 'SLOW') Atomics.wait(sleeper, 0, 0, Number(argument))
}

const scan = (image: FakeImage, request: ScanRequest, tell?: (detection: Detection) => void): Report => {
  const text = Buffer.from(request.content).toString('latin1', 0, 64 * 1024)
  obey(text)
  const found = Math.min(text.split('EVIL').length - 1, request.allMatches ? Infinity : 1)
  const detections = Array.from({ length: found }, () => detection)
  for (const each of detections) tell?.(each)
  const verdict = found > 0 ? 'infected' : 'clean'
  return {
    version: '1.0',
    scanner: { name: 'lazaret', version: '0.0.0', database: image.database, signatures: image.signatures },
    name: request.name,
    startedAt: new Date(0).toISOString(),
    elapsedMs: 0,
    bytesScanned: request.content.length,
    verdict,
    artifacts: [
      {
        id: 0,
        relation: 'root',
        name: request.name,
        path: request.name,
        size: request.content.length,
        type: 'data',
        verdict,
        detections,
        notSeen: [],
        anomalies: [],
        properties: [],
      },
    ],
  }
}

const dieLoading = (path: string): void => {
  const left = existsSync(path) ? Number(readFileSync(path, 'utf8')) : 0
  if (left === 0) return
  if (left < Infinity) writeFileSync(path, String(left - 1))
  process.kill(process.pid, 'SIGKILL')
}

export const fakeParts: EngineParts = {
  load: imagePath => {
    const image = JSON.parse(readFileSync(imagePath, 'utf8')) as FakeImage
    if (image.refuse !== undefined) throw new Error(image.refuse)
    if (image.dieLoading !== undefined) dieLoading(image.dieLoading)
    return { info: { database: image.database, signatures: image.signatures, builtAtMs: 0 }, shared: image }
  },
  createThread: shared => {
    const image = shared as FakeImage
    const thread: EngineThread = {
      window: new Uint8Array(new SharedArrayBuffer(WINDOW_BYTES)),
      scan: (request, onDetection) => scan(image, request, onDetection),
    }
    return thread
  },
}
