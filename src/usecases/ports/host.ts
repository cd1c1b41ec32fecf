// What use cases need of the host. Tests give fakes.

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Calls once after `delayMs`; the timer keeps no process alive. @returns what cancels it */
  after(delayMs: number, call: () => void): () => void
}

/** Cryptographically strong. */
export interface Random {
  bytes(count: number): Uint8Array
}

/** Digests of content that streams by; all three at once. */
export interface Digesting {
  update(chunk: Uint8Array): void
  /** Lower-case hexadecimal; once. */
  finish(): { readonly sha256: string; readonly sha1: string; readonly md5: string }
}
export interface Hashes {
  digests(): Digesting
  /** HMAC-SHA256 as lower-case hexadecimal. */
  hmac(key: string, text: string): string
  sha256(text: string): string
}

/** Fetches by HTTP with every protection against addresses it must not reach; only where the server has it on. */
export interface UrlFetcher {
  /** @throws UseCaseError url-not-allowed, url-failed */
  fetch(
    url: string,
    signal?: AbortSignal,
  ): Promise<{ readonly name: string; readonly stream: AsyncIterable<Uint8Array> }>
}

/** Posts one webhook. Never follows redirects, never reaches private addresses unless configured. */
export interface WebhookSender {
  /** Resolves with the HTTP status; rejects when no answer came. */
  post(url: string, headers: Readonly<Record<string, string>>, body: string): Promise<number>
}

/** One line for the log. */
export type Log = (line: string) => void
