import type { FastifyRequest } from 'fastify'
import type { Credentials } from '../../usecases/index.ts'
import { UseCaseError } from '../../usecases/index.ts'
import { HttpError } from './problems.ts'

// Who asks: an API key, a session cookie, or nobody yet; and whether a browser asks on behalf of another site.

const COOKIE = 'lazaret_session'
/** A cookie with this prefix can be set by no other host and over no plain connection. */
const SECURE_COOKIE = '__Host-lazaret_session'
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])
const MAX_CREDENTIAL_CHARS = 4096

export const isSafeMethod = (method: string): boolean => SAFE_METHODS.has(method)

/** @throws UseCaseError wrong-credentials, HttpError cross-site */
export function credentialsOf(request: FastifyRequest): Credentials {
  const { authorization } = request.headers
  if (authorization !== undefined) {
    const [scheme, secret, ...more] = authorization.split(' ')
    const isBearer = scheme.toLowerCase() === 'bearer' && more.length === 0
    if (!isBearer || secret === undefined || secret === '' || secret.length > MAX_CREDENTIAL_CHARS)
      throw new UseCaseError('wrong-credentials', { detail: 'Authorization must be `Bearer` and an API key' })
    return { kind: 'key', secret }
  }
  const token = sessionOf(request.headers.cookie)
  if (token === undefined) return { kind: 'none' }
  if (isSafeMethod(request.method)) return { kind: 'session', token }
  const csrf = request.headers['x-csrf-token']
  if (typeof csrf !== 'string' || csrf === '') throw new HttpError('cross-site', 'The header X-CSRF-Token is missing')
  return { kind: 'session', token, csrf }
}

function sessionOf(cookies: string | undefined): string | undefined {
  for (const pair of cookies?.split(';') ?? []) {
    const [name, value] = pair.trim().split('=', 2)
    if ((name === COOKIE || name === SECURE_COOKIE) && value !== undefined && value !== '') return value
  }
  return undefined
}

/** The header that opens a session in a browser; without a token the one that ends it. */
export function sessionCookie(isSecure: boolean, token = '', expiresAtMs = 0): string {
  const name = isSecure ? SECURE_COOKIE : COOKIE
  const end = `Expires=${new Date(expiresAtMs).toUTCString()}`
  return `${name}=${token}; Path=/; HttpOnly; SameSite=Strict; ${end}${isSecure ? '; Secure' : ''}`
}

/**
 * Refuses what a page of another site makes a browser send. Programs send neither header.
 * @throws HttpError cross-site
 */
export function refuseOtherSites(request: FastifyRequest): void {
  if (isSafeMethod(request.method)) return
  const site = request.headers['sec-fetch-site']
  if (site !== undefined && site !== 'same-origin' && site !== 'none')
    throw new HttpError('cross-site', `Sec-Fetch-Site is ${String(site)}`)
  const { origin, host } = request.headers
  if (origin === undefined) return
  if (!URL.canParse(origin) || new URL(origin).host !== host)
    throw new HttpError('cross-site', 'Origin is another site')
}

/** The name in a Host header, without its port. */
export const hostNameOf = (host: string): string => host.replace(/:\d{1,5}$/, '').toLowerCase()
export const LOOPBACK_NAMES: readonly string[] = ['localhost', '127.0.0.1', '[::1]']

/** Whether an address of a peer is this machine. */
export const isLoopback = (address: string): boolean =>
  address === '' || address === '::1' || /^(?:::ffff:)?127\./.test(address)
