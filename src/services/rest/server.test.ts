import { connect } from 'node:net'
import fc from 'fast-check'
import { Check } from 'typebox/value'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isAllowed, POLICY, ROLES } from '../../usecases/index.ts'
import { principal } from '../../usecases/testing/parts.ts'
import { openApiOf } from './openapi.ts'
import { ROUTES } from './routes.ts'
import { testServer, type TestServer } from './house.fuzz.ts'

let server: TestServer
beforeAll(async () => {
  server = await testServer({
    rateWindowMs: 200,
    headersTimeoutMs: 500,
    minBytesPerSecond: 1000,
    maxUploadBytes: 3_000_000,
    heartbeatMs: 30,
  })
})
afterAll(() => server.close())

const ID = '0192f0c1-2a3b-7c4d-8e5f-6a7b8c9d0e1f'
const SHA = 'a'.repeat(64)
const pathOf = (path: string): string =>
  path
    .replace('{id}', ID)
    .replace('{sha256}', SHA)
    .replace('{digest}', SHA)
    .replace('{artifact}', '0')
    .replace('{name}', 'X')
type Init = Omit<NonNullable<Parameters<typeof fetch>[1]>, 'headers'> & {
  readonly role?: string
  readonly headers?: Record<string, string>
}
const ask = (path: string, { role = 'administrator', headers, ...init }: Init = {}): Promise<Response> =>
  fetch(`${server.url}${path}`, {
    redirect: 'manual',
    ...init,
    headers: { authorization: `Bearer ${role}`, ...headers },
  })
const post = (path: string, body: string | Buffer, headers: Record<string, string> = {}): Promise<Response> =>
  ask(path, {
    method: 'POST',
    body: body as never,
    headers: { 'content-type': 'application/octet-stream', ...headers },
  })
const bodyOf = async (reply: Response): Promise<any> => reply.json() // oxlint-disable-line typescript/no-explicit-any

/** Bytes as they are, and what comes back until the server closes. */
function raw(text: string, more?: (write: (text: string) => void) => void): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(server.port, '127.0.0.1', () => {
      socket.write(text)
      more?.(part => socket.writable && socket.write(part))
    })
    let answer = ''
    socket.on('data', chunk => (answer += chunk.toString('latin1')))
    socket.on('error', error => (answer === '' ? reject(error) : resolve(answer)))
    socket.on('close', () => resolve(answer))
  })
}

describe('roles, over every route of the document', () => {
  const paths = openApiOf(ROUTES, '1')['paths'] as Record<string, Record<string, { operationId: string }>>
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId }]) => ({ path: path.replace('/api/v1', ''), method, operationId })),
  )
  it.each(operations)('$operationId', async ({ path, method, operationId }) => {
    const useCase = ROUTES.find(route => route.operationId === operationId)?.useCase ?? 'scan'
    for (const role of [undefined, ...ROLES]) {
      const headers = role === undefined ? {} : { authorization: `Bearer ${role}` }
      const reply = await fetch(`${server.url}${pathOf(path)}`, {
        method: method.toUpperCase(), redirect: 'manual', headers, ...(method === 'get' ? {} : { body: '' }),
      })
      const { code } = reply.headers.get('content-type')?.includes('json') === true ? await bodyOf(reply) : { code: '' }
      const refused = code === 'not-allowed' || code === 'not-authenticated'
      expect([role, refused]).toEqual([role, !isAllowed(principal(role), useCase)])
      expect(reply.status).not.toBe(500)
    }
  })

  it('operations have ids of their own, and each names its use case', () => {
    expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(operations.length)
    for (const route of ROUTES) expect(POLICY).toHaveProperty(route.useCase)
  })
}) // prettier-ignore

describe('scans', () => {
  it('waits for a result, in every format', async () => {
    const reply = await post('/scan?name=a.bin', 'an infected text')
    expect(reply.status).toBe(200)
    const { scan, report } = await bodyOf(reply)
    expect([scan.verdict, report.verdict, scan.name]).toEqual(['infected', 'infected', 'a.bin'])
    for (const [accept, type] of [
      ['application/xml', 'application/xml'], ['text/csv;q=0.5, application/sarif+json', 'application/sarif+json'],
      ['application/stix+json', 'application/stix+json'], ['*/*;q=0.1', 'application/json'], ['application/*', 'application/json'],
    ]) {
      const report = await ask(`/scans/${scan.id}/report`, { headers: { accept } })
      expect(report.headers.get('content-type')).toContain(type)
      const etag = report.headers.get('etag') ?? ''
      expect((await ask(`/scans/${scan.id}/report`, { headers: { accept, 'if-none-match': etag } })).status).toBe(304)
    }
    expect((await ask(`/scans/${scan.id}/report`, { headers: { accept: 'image/png, application/json;q=0' } })).status).toBe(406)
    expect(await (await ask(`/scans/${scan.id}/report?format=junit`)).text()).toContain('<testsuites')
  })

  it('takes content in, tells of it and gives it back in ranges', async () => {
    const submitted = await post('/scans?name=b&keep=everything', '0123456789')
    expect(submitted.status).toBe(202)
    const { scan } = await bodyOf(submitted)
    const events = await (await ask(`/scans/${scan.id}/events`)).text()
    expect(events).toMatch(/id: 2\.0\nevent: finished\n/)
    expect((await ask(`/scans/${scan.id}/events`, { headers: { 'last-event-id': '2.0' } })).status).toBe(204)
    expect((await bodyOf(await ask(`/scans/${scan.id}?wait=5`))).state).toBe('finished')
    const content = `/scans/${scan.id}/artifacts/0/content`
    for (const [range, status, text] of [
      [undefined, 200, '0123456789'], ['bytes=2-4', 206, '234'], ['bytes=-3', 206, '789'], ['bytes=8-99', 206, '89'],
      ['bytes=99-', 416, undefined], ['lines=1-2', 200, '0123456789'],
    ] as const) {
      const reply = await ask(content, range === undefined ? {} : { headers: { range } })
      expect([range, reply.status]).toEqual([range, status])
      if (text === undefined) continue
      expect(await reply.text()).toBe(text)
      expect(reply.headers.get('content-type')).toBe('application/octet-stream')
      expect(reply.headers.get('content-disposition')).toContain('attachment')
      expect(reply.headers.get('x-content-type-options')).toBe('nosniff')
    }
    expect((await bodyOf(await ask(`/lookup/${scan.sha256}`))).sample.kept).toBe(true)
  })

  it('takes many files, with options', async () => {
    const form = new FormData()
    form.set('options', JSON.stringify({ options: { keep: 'nothing', passwords: ['a'] } }))
    for (const name of ['x', 'y']) form.append('files', new Blob([`content of ${name}`]), `../../${name}.bin`)
    const reply = await ask('/scans/batch', { method: 'POST', body: form })
    const { submissions } = await bodyOf(reply)
    expect(submissions.map((entry: { name: string }) => entry.name)).toEqual(['x.bin', 'y.bin'])
    expect(submissions[0].scan.options.passwordCount).toBe(1)
    expect(JSON.stringify(submissions)).not.toContain('"passwords"')
  })

  it('a stream of events is never silent', async () => {
    const { scan } = await bodyOf(await post('/scans?name=h', 'hang'))
    const stop = new AbortController()
    const reply = await ask(`/scans/${scan.id}/events`, { signal: stop.signal })
    let text = ''
    for await (const chunk of reply.body ?? []) {
      text += Buffer.from(chunk as Uint8Array).toString()
      if (text.includes(': heartbeat')) break
    }
    expect(text).toMatch(/event: (queued|running)/)
    stop.abort()
    expect((await ask(`/scans/${scan.id}/cancel`, { method: 'POST' })).status).toBe(200)
  })

  it('the same key makes one scan', async () => {
    const [one, two] = [await bodyOf(await post('/scans', 'idem', { 'idempotency-key': 'k' })), await bodyOf(await post('/scans', 'idem', { 'idempotency-key': 'k' }))]
    expect([two.scan.id, two.how]).toEqual([one.scan.id, 'repeated'])
  })
}) // prettier-ignore

describe('hostile requests', () => {
  const head = (path: string, more: string): string =>
    `POST /api/v1${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer administrator\r\nContent-Type: application/octet-stream\r\n${more}\r\n`

  it.each([
    ['two lengths', 'Content-Length: 3\r\nContent-Length: 30\r\n'],
    ['length and chunks', 'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n'],
    ['chunks that are not last', 'Transfer-Encoding: chunked, identity\r\n'],
    ['a space before the colon', 'Content-Length : 3\r\n'],
    ['a folded header', 'X: a\r\n b\r\nTransfer-Encoding\x0b: chunked\r\n'],
    ['a bare line feed', 'X: a\nContent-Length: 3\r\n'],
  ])('smuggling by %s is refused, and the connection closed', async (_, headers) => {
    const answer = await raw(`${head('/scans', headers)}abcGET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n`)
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(answer).not.toContain('"uptimeMs"')
  })

  it.each(['/../../etc/passwd', '/scans/..%2f..%2fetc', '/scans/%00', '/samples/..%5c..', '//health', '/%2e%2e/x'])(
    'path %s leads nowhere', async path => {
      const answer = await raw(`GET /api/v1${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer administrator\r\nConnection: close\r\n\r\n`)
      expect(answer).toMatch(/^HTTP\/1\.1 40[04] /)
      expect(answer).not.toContain('root:')
    })

  it('too much is refused: content, a body, headers', async () => {
    expect((await bodyOf(await post('/scans', Buffer.alloc(3_000_001)))).code).toBe('too-large')
    const long = await ask('/lookup', { method: 'POST', body: ' '.repeat(2 ** 20 + 1), headers: { 'content-type': 'application/json' } })
    expect(long.status).toBe(413)
    expect(await raw(`GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /)
  })

  it('a slow body and slow headers end their connection', async () => {
    const slow = await raw(head('/scans', 'Content-Length: 100000\r\n') + 'a')
    expect(slow).toMatch(/^HTTP\/1\.1 408 /)
    expect(slow.toLowerCase()).toContain('connection: close')
    expect(await raw('GET /api/v1/health HTTP/1.1\r\nHost: loc')).toMatch(/^(HTTP\/1\.1 408 |$)/)
  })

  it('another site cannot make a browser ask', async () => {
    const cookie = 'lazaret_session=t'
    const send = (headers: Record<string, string>): Promise<Response> =>
      fetch(`${server.url}/scans`, { method: 'POST', body: 'x', headers: { 'content-type': 'application/octet-stream', cookie, ...headers } })
    expect((await send({})).status).toBe(403)
    expect((await send({ 'x-csrf-token': 'wrong' })).status).toBe(401)
    expect((await send({ 'x-csrf-token': 'right' })).status).toBe(202)
    expect((await send({ 'x-csrf-token': 'right', origin: 'https://evil.example' })).status).toBe(403)
    expect(await raw('GET /api/v1/health HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n')).toContain(' 421 ')
  })

  it('names cannot forge an answer', async () => {
    const name = 'a\r\nSet-Cookie: x=1\r\n\r\n<script>"\u202e</script>\nevent: finished\ndata: {}'
    const { scan } = await bodyOf(await post(`/scan?name=${encodeURIComponent(name)}&keep=everything`, 'infected forge'))
    expect(scan.name).toBe(name)
    for (const path of [`/scans/${scan.id}/events`, `/scans/${scan.id}/report?format=csv`, `/scans/${scan.id}/artifacts/0/content`]) {
      const reply = await ask(path)
      expect(reply.headers.get('set-cookie')).toBe(null)
      if (path.endsWith('events')) expect((await reply.text()).match(/^event: /gm)).toHaveLength(1)
    }
  })

  it('what nobody knows is a problem with a code', async () => {
    expect((await bodyOf(await ask('/nothing'))).code).toBe('no-such-route')
    const wrong = await ask('/search', { method: 'DELETE' })
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'GET'])
    expect((await ask('/lookup', { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } })).status).toBe(400)
    expect((await ask('/lookup', { method: 'POST', body: 'x', headers: { 'content-type': 'text/plain' } })).status).toBe(415)
  })
}) // prettier-ignore

it('answers no request with 500, whatever stands in it', async () => {
  const value = fc.oneof(fc.string({ maxLength: 20, unit: 'grapheme' }), fc.integer().map(String), fc.constantFrom('', 'null', ID, SHA, 'bytes=1-', 'verdict:infected', '~', '%'))
  const body = fc.oneof(fc.json(), fc.constantFrom('{}', '[]', '{"digests":[]}', '{"__proto__":{}}', `{"digests":["${SHA}"]}`))
  const skipped = new Set(['watchScan'])
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...ROUTES.filter(({ operationId }) => !skipped.has(operationId))), value, fc.dictionary(fc.constantFrom('limit', 'cursor', 'query', 'name', 'format', 'text', 'facets', 'under', 'fromMs', 'keep', 'position', 'sort'), value), body, async (route, segment, query, text) => {
      const path = route.path.replaceAll(/\{\w+\}/g, () => encodeURIComponent(segment) || 'x')
      const init = route.method === 'GET' ? {} : { body: text, headers: { 'content-type': 'application/json' } }
      const reply = await ask(`${path}?${new URLSearchParams(query).toString()}`, { method: route.method, ...init })
      const answer = await reply.text()
      if (reply.headers.get('content-type') === 'application/json') {
        const schema = route.replies.find(({ status }) => status === reply.status)?.schema
        expect([route.operationId, schema !== undefined && Check(schema, JSON.parse(answer))]).toEqual([route.operationId, true])
      }
      expect([route.operationId, reply.status]).not.toEqual([route.operationId, 500])
    }),
    { numRuns: 150 },
  )
}) // prettier-ignore
