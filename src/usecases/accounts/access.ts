// Whether a server may start as it is configured. One person on loopback may do without accounts; anything else needs
// them. The doors meant here are those that ask for an account: REST, SOAP and the console. Tokens of the native protocol
// and the rule of the clamd dialect are looked at where those listeners start.

export interface PlannedListener {
  /** As people write it. */
  readonly address: string
  readonly loopback: boolean
  readonly tls: boolean
}

export type Access =
  /** Whoever reaches the server is its administrator. */
  | { readonly kind: 'open' }
  /** `warning`: passwords and keys cross the network in clear text. */
  | { readonly kind: 'accounts'; readonly warning?: string }
  /** Nobody may do anything before somebody with the one-time link has made the first account. */
  | { readonly kind: 'claim'; readonly warning?: string }
  | { readonly kind: 'refused'; readonly message: string; readonly remedy: string }

/** @param mayClaim - the person who starts the server will use the one-time link */
export function decideAccess(
  listeners: readonly PlannedListener[],
  accounts: number,
  { mayClaim }: { readonly mayClaim: boolean },
): Access {
  const beyond = listeners.filter(({ loopback }) => !loopback)
  const plain = beyond.find(({ tls }) => !tls)
  const warning =
    plain === undefined
      ? {}
      : { warning: `${plain.address} has no TLS: put a proxy with TLS before it, or give it a certificate` }
  if (accounts > 0) return { kind: 'accounts', ...warning }
  const [first] = beyond
  if (first === undefined) return { kind: 'open' }
  if (mayClaim) return { kind: 'claim', ...warning }
  return {
    kind: 'refused',
    message: `${first.address} can be reached from other machines, and there are no accounts`,
    remedy: 'Make one with lazaret account add NAME --role administrator, or listen on 127.0.0.1 only',
  }
}
