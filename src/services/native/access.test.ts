import { describe, expect, test } from 'vitest'
import { createFakeScanner } from './fake-scanner.fuzz.ts'
import { enter, serve, SOCKET } from './house.fuzz.ts'
import { makeCertificates } from './peer.fuzz.ts'

const certificates = makeCertificates()
if (certificates === undefined) console.warn('no openssl here: the tests of tls: are skipped')
const tlsOptions = certificates === undefined ? {} : { tls: { cert: certificates.cert, key: certificates.key } }

describe('who may do what', () => {
  const tokens = [
    { token: 'for users', role: 'user' },
    { token: 'for admins', role: 'admin' },
  ] as const

  test.each([
    ['unix without tokens', 'stats', SOCKET, undefined, undefined, { verdict: 'reply' }],
    ['tcp without tokens', 'version', 'tcp:127.0.0.1:0', undefined, undefined, { verdict: 'reply' }],
    ['tcp without tokens', 'stats', 'tcp:127.0.0.1:0', undefined, undefined, { code: 'not-permitted' }],
    ['a user', 'reload', 'tcp:127.0.0.1:0', tokens, 'for users', { code: 'not-permitted' }],
    ['an admin', 'stats', 'tcp:127.0.0.1:0', tokens, 'for admins', { verdict: 'reply' }],
    ['an admin', 'reload', 'tcp:127.0.0.1:0', tokens, 'for admins', { code: 'reload-failed' }],
    ['an admin', 'toString', 'tcp:127.0.0.1:0', tokens, 'for admins', { code: 'unknown-verb' }],
    ['one who shows a token where none is demanded', 'ping', SOCKET, undefined, 'any', { verdict: 'reply' }],
  ])('%s: %s', async (_, verb, address, granted, token, expected) => {
    const listener = await serve(address, createFakeScanner(), granted === undefined ? {} : { tokens: granted })
    const peer = await enter(listener, token === undefined ? {} : { token })
    expect(await peer.request(verb)).toMatchObject(expected)
  })

  test.each([
    ['a wrong token', { token: 'for user' }, 'auth-failed'],
    ['no token', {}, 'auth-required'],
  ])('%s ends the connection', async (_, options, code) => {
    const scanner = createFakeScanner()
    const peer = await enter(await serve('tcp:127.0.0.1:0', scanner, { tokens }), options)
    void peer.scan('x', 'x')
    await peer.ended
    expect(peer.failures.map(failure => failure.code)).toEqual([code])
    expect(scanner.sources.size).toBe(0)
  })

  test('a server is not reachable by strangers without proof', async () => {
    const open = async (address: string, options = {}): Promise<string> =>
      serve(address, createFakeScanner(), options).then(
        () => 'listens',
        (error: Error & { code: string }) => `${error.code}: ${error.message}`,
      )
    expect(await open('tcp:0.0.0.0:0')).toMatch(/^insecure-address: .*token/)
    expect(await open('tcp::0')).toMatch(/^insecure-address/)
    expect(await open('tls:0.0.0.0:0', tlsOptions)).toMatch(/^insecure-address/)
    expect(await open('tcp:0.0.0.0:0', { tokens })).toBe('listens')
    expect(await open('tls:127.0.0.1:0')).toMatch(/^tls-options-missing/)
  })

  test.skipIf(certificates === undefined)('a server that demands certificates takes only those it knows', async () => {
    if (certificates === undefined) return
    const { ca, cert, key, clientCert, clientKey, strangerCert, strangerKey } = certificates
    const listener = await serve('tls:0.0.0.0:0', createFakeScanner(), { tls: { cert, key, clientCa: ca } })
    const address = listener.address.replace('0.0.0.0', '127.0.0.1')
    const known = await enter({ address }, { tls: { ca, cert: clientCert, key: clientKey } })
    expect(await known.scan('x', 'x')).toMatchObject({ verdict: 'clean' })
    for (const tls of [{ ca }, { ca, cert: strangerCert, key: strangerKey }]) {
      // With TLS 1.3 a client learns of the refusal only after its own handshake.
      const refused = await enter({ address }, { tls })
      expect(await refused.scan('x', 'x')).toEqual({ code: 'connection ended' })
    }
  })
})
