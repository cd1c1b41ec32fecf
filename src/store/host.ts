import { createHash, createHmac, randomBytes } from 'node:crypto'
import type { Clock, Hashes, Random } from '../usecases/index.ts'

// The host's clock, random numbers and digests behind the ports of the use cases.

export const systemClock: Clock = {
  now: () => Date.now(),
  after(delayMs, call) {
    const timer = setTimeout(call, delayMs).unref()
    return () => clearTimeout(timer)
  },
}

export const systemRandom: Random = { bytes: count => randomBytes(count) }

export const systemHashes: Hashes = {
  digests() {
    const hashes = [createHash('sha256'), createHash('sha1'), createHash('md5')] as const
    return {
      update(chunk) {
        for (const hash of hashes) hash.update(chunk)
      },
      finish() {
        const [sha256, sha1, md5] = hashes.map(hash => hash.digest('hex'))
        return { sha256, sha1, md5 }
      },
    }
  },
  hmac: (key, text) => createHmac('sha256', key).update(text).digest('hex'),
  sha256: text => createHash('sha256').update(text).digest('hex'),
}
