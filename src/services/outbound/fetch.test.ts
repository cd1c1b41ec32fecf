import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createFetcher, createSender, isPublicAddress } from './fetch.ts'

let server: Server
let base = ''
beforeAll(async () => {
  server = createServer((request, reply) => {
    if (request.url === '/loop') reply.writeHead(302, { location: '/loop' }).end()
    else if (request.url === '/away') reply.writeHead(302, { location: 'file:///etc/passwd' }).end()
    else if (request.url === '/big') reply.end(Buffer.alloc(5000))
    else reply.end('content')
  }).listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => server.close())

describe('addresses', () => {
  it.each(['127.0.0.1', '10.1.2.3', '172.31.0.1', '192.168.0.1', '169.254.169.254', '100.64.0.1', '0.0.0.0', '224.0.0.1', '255.255.255.255',
    '::1', '::', 'fe80::1', 'fe80::1%eth0', 'fc00::1', 'ff02::1', '::ffff:8.8.8.8', '::ffff:127.0.0.1', '64:ff9b::7f00:1', '2002:7f00:1::', '2001:db8::1', 'x'])(
    '%s is refused', address => expect(isPublicAddress(address)).toBe(false))
  it.each(['8.8.8.8', '1.1.1.1', '2606:4700::1111'])('%s is public', address => expect(isPublicAddress(address)).toBe(true))
}) // prettier-ignore

describe('fetching', () => {
  const open = { maxBytes: 1000, allowPrivate: true }
  const bytes = async (path: string, options = open): Promise<number> => {
    let count = 0
    for await (const chunk of (await createFetcher(options).fetch(base + path)).stream) count += chunk.length
    return count
  }
  it('brings content, up to a size', async () => {
    expect(await bytes('/file.bin')).toBe(7)
    await expect(bytes('/big')).rejects.toMatchObject({ code: 'too-large' })
  })

  it('goes nowhere it must not, however it is sent there', async () => {
    const closed = createFetcher({ maxBytes: 1000 })
    for (const url of [base, 'http://0x7f.1/', 'http://2130706433/', 'http://[::ffff:127.0.0.1]/', 'http://u:p@8.8.8.8/', 'file:///etc/passwd'])
      await expect(closed.fetch(url)).rejects.toMatchObject({ code: 'url-not-allowed' })
    const two = { maxBytes: 1000, resolve: async () => [{ address: '8.8.8.8' }, { address: '10.0.0.1' }] }
    await expect(createFetcher(two).fetch('http://example.org/')).rejects.toMatchObject({ code: 'url-not-allowed' })
    await expect(bytes('/away')).rejects.toMatchObject({ code: 'url-not-allowed' })
    await expect(bytes('/loop')).rejects.toMatchObject({ code: 'url-failed' })
  })

  it('connects to the address that was checked, whatever the name becomes', async () => {
    let asked = 0
    const options = { ...open, resolve: async () => [{ address: asked++ === 0 ? '127.0.0.1' : '10.255.255.1' }] }
    const { stream } = await createFetcher(options).fetch(base.replace('127.0.0.1', 'name.invalid'))
    for await (const chunk of stream) expect(Buffer.from(chunk).toString()).toBe('content')
    expect(asked).toBe(1)
  })

  it('webhooks follow no redirect', async () => {
    expect(await createSender(open).post(`${base}/loop`, {}, '{}')).toBe(302)
    await expect(createSender({ maxBytes: 1 }).post(base, {}, '{}')).rejects.toMatchObject({ code: 'url-not-allowed' })
  })
}) // prettier-ignore
