import { UseCaseError } from '../errors.ts'
import { BoundedMap } from './bounded.ts'
import { MAX_CACHED, THROTTLE } from './limits.ts'

// Against guessing passwords: each failure counts for the name, for the address, and for both together. Tries count
// before they are made, so that many at once gain nothing.

interface Failures {
  readonly count: number
  readonly lastMs: number
}
type Kind = 'pair' | 'name' | 'address'

export class Throttle {
  readonly #tables: Readonly<Record<Kind, BoundedMap<string, Failures>>> = {
    pair: new BoundedMap(MAX_CACHED),
    name: new BoundedMap(MAX_CACHED),
    address: new BoundedMap(MAX_CACHED),
  }

  /**
   * Counts a try as failed until it is said to have been right.
   * @returns call it when the credentials were right
   * @throws UseCaseError rate-limited
   */
  begin(name: string, address: string, nowMs: number): () => void {
    const network = networkOf(address)
    const keys: readonly (readonly [Kind, string])[] = [
      ['pair', `${network} ${name}`],
      ['name', name],
      ['address', network],
    ]
    const waitMs = Math.max(...keys.map(([kind, key]) => this.#waitMs(kind, key, nowMs)))
    if (waitMs > 0) throw new UseCaseError('rate-limited', { detail: 'too many failures', retryAfterMs: waitMs })
    for (const [kind, key] of keys) {
      this.#tables[kind].set(key, { count: this.#countOf(kind, key, nowMs) + 1, lastMs: nowMs })
    }
    return () => {
      for (const [kind, key] of keys) this.#forgive(kind, key)
    }
  }

  #countOf(kind: Kind, key: string, nowMs: number): number {
    const known = this.#tables[kind].get(key)
    return known === undefined || nowMs - known.lastMs > THROTTLE.forgetMs ? 0 : known.count
  }

  #waitMs(kind: Kind, key: string, nowMs: number): number {
    const { free, firstMs, mostMs } = THROTTLE[kind]
    const over = this.#countOf(kind, key, nowMs) - free
    if (over < 0) return 0
    const lastMs = this.#tables[kind].get(key)?.lastMs ?? nowMs
    return Math.max(0, lastMs + Math.min(mostMs, firstMs * 2 ** Math.min(over, 30)) - nowMs)
  }

  /** The pair begins anew; for name and address only this try is taken back, so that one right guess hides no others. */
  #forgive(kind: Kind, key: string): void {
    const table = this.#tables[kind]
    const known = table.get(key)
    if (known === undefined) return
    if (kind === 'pair' || known.count <= 1) table.delete(key)
    else table.set(key, { count: known.count - 1, lastMs: known.lastMs })
  }
}

/** Whoever has one address of IPv6 has all of its /64. */
export function networkOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, '').split('%')[0]
  if (!plain.includes(':')) return plain
  const [head, tail] = plain.split('::')
  const groups = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - groups.length - after.length)
  const all = [...groups, ...Array.from({ length: zeros }, () => '0'), ...after]
  return `${all.slice(0, 4).map(group => group.replace(/^0+(?=.)/, '').toLowerCase()).join(':')}::/64` // prettier-ignore
}
