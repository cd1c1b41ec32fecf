import type { Scanner } from '../scan/index.ts'
import type { AccountUseCases, Audit, QuotaGate } from './accounts.ts'
import type { IdSource } from './ids.ts'
import type { UseCaseLimits } from './limits.ts'
import type { Clock, Hashes, Log, Random, UrlFetcher, WebhookSender } from './ports/host.ts'
import type { Ledger } from './ports/ledger.ts'
import type { ArtifactOpener, SignatureCatalogue } from './ports/scanners.ts'
import type { Packager, Vault } from './ports/vault.ts'

/** Everything the use cases stand on. What is absent is answered `not-configured`. */
export interface Parts {
  readonly ledger: Ledger
  readonly vault: Vault
  readonly scanner: Scanner
  readonly accounts: AccountUseCases
  readonly quota: QuotaGate
  readonly audit: Audit
  readonly clock: Clock
  readonly random: Random
  readonly hashes: Hashes
  readonly log: Log
  readonly limits: UseCaseLimits
  readonly version: string
  /** No other server shares the ledger: what is leased at the start was leased by one that is gone. */
  readonly exclusive?: boolean
  /** Key of webhooks that bring none of their own. */
  readonly notifyKey: string
  readonly packager?: Packager
  readonly catalogue?: SignatureCatalogue
  readonly opener?: ArtifactOpener
  readonly fetcher?: UrlFetcher
  readonly sender?: WebhookSender
  /** Reads a file of this machine for doors that may name one. Throws ScanFailure. */
  readonly openPath?: (path: string, followLinks: boolean) => AsyncIterable<Uint8Array>
}

/** What one server has beside its parts. */
export interface Runtime extends Parts {
  readonly ids: IdSource
  /** Names this server in leases. */
  readonly worker: string
}
