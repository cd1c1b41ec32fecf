import { lookup } from 'node:dns/promises'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { BlockList, isIP } from 'node:net'
import { UseCaseError, type UrlFetcher, type WebhookSender } from '../../usecases/index.ts'

// Requests that the server makes because somebody asked it to. The name is resolved here, every address it has is
// checked, and the connection goes to the address that was checked: a name that changes its mind changes nothing.
// Redirects are followed by hand, each through the same check.

const MAX_REDIRECTS = 5
const CONNECT_MS = 15_000
const MAX_FETCH_MS = 600_000

// IANA special-purpose registries; what embeds an IPv4 address is refused as a whole.
const REFUSED_4 = ['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16', '172.16.0.0/12', '192.0.0.0/24',
  '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'] // prettier-ignore
/** Of IPv6 only global unicast is reached, and of that not these: Teredo and ORCHID, documentation, 6to4. */
const REFUSED_6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']

const refused = new BlockList()
for (const [ranges, family] of [[REFUSED_4, 'ipv4'], [REFUSED_6, 'ipv6']] as const) {
  for (const range of ranges) {
    const [net, prefix] = range.split('/')
    refused.addSubnet(net, Number(prefix), family)
  }
} // prettier-ignore
const global6 = new BlockList()
global6.addSubnet('2000::', 3, 'ipv6')

/** Whether an address is of the public internet. */
export function isPublicAddress(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return !refused.check(address, 'ipv4')
  if (family !== 6 || address.includes('%')) return false
  return global6.check(address, 'ipv6') && !refused.check(address, 'ipv6')
}

export interface OutboundOptions {
  readonly maxBytes: number
  /** Addresses of the own network too; for tests and closed networks. */
  readonly allowPrivate?: boolean
  readonly resolve?: (host: string) => Promise<readonly { readonly address: string }[]>
  readonly timeoutMs?: number
}

/** The address to connect to. @throws UseCaseError url-not-allowed, url-failed */
async function checkedAddress(url: URL, { allowPrivate = false, resolve }: OutboundOptions): Promise<string> {
  const refuse = (detail: string): never => {
    throw new UseCaseError('url-not-allowed', { detail })
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return refuse('only http and https')
  if (url.username !== '' || url.password !== '') return refuse('no credentials in URLs')
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const all = isIP(host) > 0 ? [{ address: host }] : await (resolve ?? resolved)(host)
  const [first] = all
  if (first === undefined) throw new UseCaseError('url-failed', { detail: `${host} has no address` })
  // One that is private among several is enough: nobody has such a name by accident.
  if (!allowPrivate && !all.every(({ address }) => isPublicAddress(address))) return refuse(`${host} is not public`)
  return first.address
}

async function resolved(host: string): Promise<readonly { readonly address: string }[]> {
  try {
    return await lookup(host, { all: true })
  } catch {
    throw new UseCaseError('url-failed', { detail: `${host} cannot be resolved` })
  }
}

interface Sending {
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly signal: AbortSignal
}

/** One request to an address that was checked; the name stays for Host and the certificate. */
async function send(url: URL, options: OutboundOptions, { method, headers, body, signal }: Sending): Promise<IncomingMessage> {
  const address = await checkedAddress(url, options)
  const family = isIP(address)
  const pinned = (_: string, how: { all?: boolean }, done: (error: null, address: unknown, family?: number) => void): void =>
    how.all === true ? done(null, [{ address, family }]) : done(null, address, family)
  return new Promise((resolve, reject) => {
    const make = url.protocol === 'https:' ? httpsRequest : httpRequest
    const asked = make(url, { method, headers, agent: false, lookup: pinned as never, signal, timeout: CONNECT_MS, maxHeaderSize: 16_384 })
    asked.on('response', resolve)
    asked.on('timeout', () => asked.destroy(new Error('no answer in time')))
    asked.on('error', (error: Error) => reject(new UseCaseError('url-failed', { detail: error.message })))
    asked.end(body)
  })
} // prettier-ignore

export function createFetcher(options: OutboundOptions): UrlFetcher {
  return {
    async fetch(text, given) {
      const late = AbortSignal.timeout(options.timeoutMs ?? MAX_FETCH_MS)
      const signal = given === undefined ? late : AbortSignal.any([given as globalThis.AbortSignal, late])
      if (!URL.canParse(text)) throw new UseCaseError('url-not-allowed', { detail: 'not a URL' })
      let url = new URL(text)
      for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
        const headers = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'lazaret' }
        const answer = await send(url, options, { method: 'GET', headers, signal })
        const { statusCode = 0, headers: { location } } = answer
        if (statusCode === 200) return { name: nameOf(url), stream: capped(answer, options.maxBytes) }
        answer.destroy()
        if (statusCode < 300 || statusCode > 399 || location === undefined || !URL.canParse(location, url.href))
          throw new UseCaseError('url-failed', { detail: `HTTP ${statusCode}` })
        url = new URL(location, url)
      }
      throw new UseCaseError('url-failed', { detail: 'too many redirects' })
    },
  }
} // prettier-ignore

const nameOf = (url: URL): string => url.pathname.split('/').findLast(part => part !== '') ?? url.hostname

async function* capped(answer: IncomingMessage, maxBytes: number): AsyncGenerator<Uint8Array> {
  let total = 0
  try {
    for await (const chunk of answer as AsyncIterable<Uint8Array>) {
      total += chunk.length
      if (total > maxBytes) throw new UseCaseError('too-large', { detail: `At most ${maxBytes} bytes` })
      yield chunk
    }
  } catch (error) {
    if (error instanceof UseCaseError) throw error
    throw new UseCaseError('url-failed', { detail: error instanceof Error ? error.message : String(error) })
  } finally {
    answer.destroy()
  }
}

/** Posts webhooks; a redirect is an answer like any other, and not followed. */
export const createSender = (options: OutboundOptions): WebhookSender => ({
  async post(url, headers, body) {
    if (!URL.canParse(url)) throw new UseCaseError('url-not-allowed', { detail: 'not a URL' })
    const signal = AbortSignal.timeout(CONNECT_MS)
    const length = String(Buffer.byteLength(body))
    const sending = { method: 'POST', headers: { ...headers, 'content-length': length }, body, signal } as const
    const answer = await send(new URL(url), options, sending)
    answer.destroy()
    return answer.statusCode ?? 0
  },
})
