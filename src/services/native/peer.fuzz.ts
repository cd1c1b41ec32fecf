import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { ClientEndpoint, parseAddress } from '../../protocol/index.ts'
import type { NativeError, StreamEvent } from '../../protocol/index.ts'
import type { Report } from '../../report/index.ts'

// A client for the tests of the listener that shows every step, and certificates for it.

/** An answer of any kind, in a form that tests can compare. */
export type Answer =
  | { readonly verdict: string; readonly report?: Report; readonly body?: object }
  | { readonly code: string }

export interface Peer {
  readonly socket: Socket
  readonly endpoint: ClientEndpoint
  readonly events: readonly StreamEvent[]
  /** Codes that ended the connection, of either side. */
  readonly failures: readonly NativeError[]
  /** Resolves when the transport has ended. */
  readonly ended: Promise<void>
  readonly answer: (id: number) => Promise<Answer>
  /** Opens a stream without content. */
  readonly open: (name: string) => number
  /** Scans content, sent as credit comes. */
  readonly scan: (name: string, content: Uint8Array | string) => Promise<Answer>
  readonly request: (verb: string) => Promise<Answer>
}

export interface PeerOptions {
  readonly token?: string
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string }
  /** False: nothing is sent by itself, not even HELLO. */
  readonly greet?: boolean
}

const dial = async (text: string, { tls }: PeerOptions): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const address = parseAddress(text)
    const socket =
      address.kind === 'unix'
        ? connect(address.path)
        : address.kind === 'tcp'
          ? connect(address.port, address.host)
          : connectTls({ port: address.port, host: address.host, ...tls })
    socket.once(address.kind === 'tls' ? 'secureConnect' : 'connect', () => resolve(socket))
    socket.once('error', reject)
    socket.on('error', () => {}) // resets are what some tests are about
  })

export const connectPeer = async (address: string, options: PeerOptions = {}): Promise<Peer> => {
  const socket = await dial(address, options)
  const answers = new Map<number, (answer: Answer) => void>()
  const early = new Map<number, Answer>()
  const events: StreamEvent[] = []
  const failures: NativeError[] = []
  const settle = (id: number, answer: Answer): void => {
    const resolve = answers.get(id)
    if (resolve === undefined) early.set(id, answer)
    else resolve(answer)
  }
  const senders = new Map<number, () => void>()
  const hello = {
    version: 1,
    minVersion: 1,
    software: 'peer/1',
    auth: [],
    limits: { windowBytes: 65_536, maxStreams: 8 },
  }
  const endpoint = new ClientEndpoint(
    { hello, write: bytes => socket.write(bytes) },
    {
      event: (_, event) => events.push(event),
      result: (id, report) => settle(id, { verdict: report.verdict, report }),
      reply: (id, body) => settle(id, { verdict: 'reply', body }),
      error: (id, { code }) => settle(id, { code }),
      credit: id => senders.get(id)?.(),
      closed: error => failures.push(error),
    },
  )
  const ended = new Promise<void>(resolve => {
    socket.once('close', () => resolve())
  })
  void ended.then(() => {
    for (const resolve of answers.values()) resolve({ code: 'connection ended' })
  })
  socket.on('data', chunk => endpoint.receive(chunk))
  const answer = async (id: number): Promise<Answer> =>
    new Promise(resolve => {
      const found = early.get(id)
      if (found === undefined) answers.set(id, resolve)
      else resolve(found)
    })
  const open = (name: string): number => endpoint.open({ name, options: { allMatches: false } })
  if (options.greet !== false) endpoint.start()
  if (options.token !== undefined) endpoint.authenticate(options.token)
  return {
    socket,
    endpoint,
    events,
    failures,
    ended,
    answer,
    open,
    scan: async (name, content) => {
      const bytes = Buffer.from(content)
      const id = open(name)
      let sent = 0
      const send = (): void => {
        sent += endpoint.send(id, bytes.subarray(sent), true)
      }
      senders.set(id, send)
      send()
      return answer(id)
    },
    request: async verb => answer(endpoint.request(verb)),
  }
}

/** Certificates for 127.0.0.1, of two authorities. */
export interface Certificates {
  readonly ca: string
  readonly cert: string
  readonly key: string
  /** A client certificate of the same authority. */
  readonly clientCert: string
  readonly clientKey: string
  /** One of an authority that nobody trusts. */
  readonly strangerCert: string
  readonly strangerKey: string
}

/** Makes certificates with openssl; undefined where there is none. */
export const makeCertificates = (): Certificates | undefined => {
  const folder = mkdtempSync(join(tmpdir(), 'lazaret-tls-'))
  const at = (name: string): string => join(folder, name)
  const openssl = (...argv: string[]): void => void execFileSync('openssl', argv, { stdio: 'pipe' })
  const authority = (name: string): void =>
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', `/CN=${name}`,
      '-keyout', at(`${name}.key`), '-out', at(`${name}.pem`)) // prettier-ignore
  const issue = (name: string, by: string): void => {
    openssl('req', '-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${name}`,
      '-keyout', at(`${name}.key`), '-out', at(`${name}.csr`)) // prettier-ignore
    openssl('x509', '-req', '-in', at(`${name}.csr`), '-CA', at(`${by}.pem`), '-CAkey', at(`${by}.key`),
      '-CAcreateserial', '-days', '2', '-extfile', at('ext'), '-out', at(`${name}.pem`)) // prettier-ignore
  }
  const read = (name: string): string => readFileSync(at(name), 'utf8')
  try {
    writeFileSync(at('ext'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n')
    authority('ca')
    authority('other')
    issue('server', 'ca')
    issue('client', 'ca')
    issue('stranger', 'other')
    return {
      ca: read('ca.pem'),
      cert: read('server.pem'),
      key: read('server.key'),
      clientCert: read('client.pem'),
      clientKey: read('client.key'),
      strangerCert: read('stranger.pem'),
      strangerKey: read('stranger.key'),
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  } finally {
    rmSync(folder, { recursive: true })
  }
}
