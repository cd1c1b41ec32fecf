/** Where a server listens and a client connects. */
export type Address =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp' | 'tls'; readonly host: string; readonly port: number }

/** An address that cannot be understood; the message says what one looks like. */
export class AddressError extends Error {
  constructor(text: string) {
    super(`"${text}" is no address; write unix:PATH, tcp:HOST:PORT or tls:HOST:PORT, an IPv6 host in brackets`)
    this.name = 'AddressError'
  }
}

const HOST_PORT = /^(tcp|tls):(?:\/\/)?(?:\[([^\]]+)\]|([^:[\]/]*)):(\d{1,5})$/

/**
 * Reads `unix:PATH`, `tcp:HOST:PORT` or `tls:HOST:PORT`; an IPv6 host stands in brackets, an empty host means every
 * interface. Port 0 lets the system choose one.
 * @throws AddressError
 */
export const parseAddress = (text: string): Address => {
  if (text.startsWith('unix:') && text.length > 5 && !text.includes('\0')) return { kind: 'unix', path: text.slice(5) }
  const match = HOST_PORT.exec(text)
  if (match === null) throw new AddressError(text)
  const port = Number(match[4])
  if (port > 65_535) throw new AddressError(text)
  return { kind: match[1] as 'tcp' | 'tls', host: match[2] ?? match[3] ?? '', port }
}

/** The text that parseAddress reads back. */
export const formatAddress = (address: Address): string => {
  if (address.kind === 'unix') return `unix:${address.path}`
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  return `${address.kind}:${host}:${address.port}`
}

/** True when nobody outside this machine can reach the address. A name other than localhost is not believed. */
export const isLocalAddress = (address: Address): boolean =>
  address.kind === 'unix' ||
  address.host === 'localhost' ||
  address.host === '::1' ||
  /^127(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/.test(address.host)
