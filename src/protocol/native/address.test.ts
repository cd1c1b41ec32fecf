import { describe, expect, test } from 'vitest'
import { AddressError, formatAddress, isLocalAddress, parseAddress } from './address.ts'

describe('parseAddress', () => {
  test.each([
    ['unix:/run/lazaret.sock', { kind: 'unix', path: '/run/lazaret.sock' }, true],
    ['unix:relative', { kind: 'unix', path: 'relative' }, true],
    ['tcp:127.0.0.1:8321', { kind: 'tcp', host: '127.0.0.1', port: 8321 }, true],
    ['tcp:127.255.0.9:1', { kind: 'tcp', host: '127.255.0.9', port: 1 }, true],
    ['tcp:localhost:0', { kind: 'tcp', host: 'localhost', port: 0 }, true],
    ['tcp:[::1]:8321', { kind: 'tcp', host: '::1', port: 8321 }, true],
    ['tcp:[::]:8321', { kind: 'tcp', host: '::', port: 8321 }, false],
    ['tcp::8321', { kind: 'tcp', host: '', port: 8321 }, false],
    ['tcp:0.0.0.0:8321', { kind: 'tcp', host: '0.0.0.0', port: 8321 }, false],
    ['tls:scan.example.org:443', { kind: 'tls', host: 'scan.example.org', port: 443 }, false],
    ['tcp:127.0.0.1.example.org:1', { kind: 'tcp', host: '127.0.0.1.example.org', port: 1 }, false],
    ['tcp:127.0.0.256:1', { kind: 'tcp', host: '127.0.0.256', port: 1 }, false],
    ['tcp:localhost.example.org:1', { kind: 'tcp', host: 'localhost.example.org', port: 1 }, false],
  ] as const)('reads %s', (text, address, local) => {
    expect(parseAddress(text)).toEqual(address)
    expect(isLocalAddress(address)).toBe(local)
    expect(parseAddress(formatAddress(address))).toEqual(address)
  })

  test('reads the form of a URL', () => {
    expect(parseAddress('tcp://127.0.0.1:8321')).toEqual({ kind: 'tcp', host: '127.0.0.1', port: 8321 })
  })

  test.each([
    '',
    'unix:',
    'unix:a\0b',
    '/run/lazaret.sock',
    '127.0.0.1:8321',
    'http://x:80',
    'tcp:host',
    'tcp:host:65536',
    'tcp:host:-1',
    'tcp:::1:80',
    'udp:host:1',
    'tcp:host:1/path',
  ])('refuses %j and says what an address looks like', text => {
    expect(() => parseAddress(text)).toThrow(AddressError)
    expect(() => parseAddress(text)).toThrow('tcp:HOST:PORT')
  })
})
