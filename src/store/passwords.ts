import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { UseCaseError, type PasswordHasher } from '../usecases/index.ts'

// argon2id (RFC 9106) with 64 MiB, the second of its recommended settings in memory and passes. Stored as PHC string:
// $argon2id$v=19$m=65536,t=3,p=1$<salt>$<tag>

const ARGON2 = { memoryKib: 65_536, passes: 3, parallelism: 1 } as const
export type Argon2Parameters = { readonly [name in keyof typeof ARGON2]: number }
const SALT_BYTES = 16
const TAG_BYTES = 32
/** Each takes 64 MiB and a processor for a fifth of a second. */
const MAX_AT_ONCE = 2
const MAX_WAITING = 64
/** Bounds for what a stored hash may claim: it may come from a backup that somebody has changed. */
const MAX_MEMORY_KIB = 2 ** 21
const MAX_PASSES = 64
const PHC = /^\$argon2id\$v=19\$m=(\d{1,8}),t=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/]{1,128})\$([A-Za-z0-9+/]{1,128})$/

/** @param parameters - cheaper ones only in tests */
export function createPasswordHasher(parameters: Argon2Parameters = ARGON2): PasswordHasher {
  const gate = createGate()
  return {
    async hash(password) {
      const salt = randomBytes(SALT_BYTES)
      const tag = await gate(() => derive(password, salt, parameters, TAG_BYTES))
      const { memoryKib, passes, parallelism } = parameters
      return `$argon2id$v=19$m=${memoryKib},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(tag)}`
    },
    async verify(password, hash) {
      const [, memoryKib, passes, parallelism, salt, tag] = PHC.exec(hash) ?? []
      if (tag === undefined) return 'wrong'
      const stored = { memoryKib: Number(memoryKib), passes: Number(passes), parallelism: Number(parallelism) }
      if (stored.memoryKib > MAX_MEMORY_KIB || stored.passes > MAX_PASSES) return 'wrong'
      const expected = Buffer.from(tag, 'base64')
      const found = await gate(() => derive(password, Buffer.from(salt, 'base64'), stored, expected.length))
      if (!timingSafeEqual(found, expected)) return 'wrong'
      const isCurrent = (Object.keys(parameters) as (keyof Argon2Parameters)[]).every(
        name => stored[name] === parameters[name],
      )
      return isCurrent ? 'right' : 'outdated'
    },
  }
}

const unpadded = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '')

/** The same password is the same however it was typed (RFC 8265). */
function derive(password: string, salt: Buffer, parameters: Argon2Parameters, tagLength: number): Promise<Buffer> {
  const { memoryKib, passes, parallelism } = parameters
  const message = Buffer.from(password.normalize('NFC'))
  return new Promise((resolve, reject) => {
    argon2('argon2id', { message, nonce: salt, parallelism, tagLength, memory: memoryKib, passes }, (error, tag) => {
      if (error === null) resolve(tag)
      else reject(error)
    })
  })
}

/** Few at once, some in a row, the rest are told to come again: guessing shall not fill the memory. */
function createGate(): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0
  const waiting: (() => void)[] = []
  return async work => {
    if (running >= MAX_AT_ONCE) {
      if (waiting.length >= MAX_WAITING) throw new UseCaseError('busy', { detail: 'logins', retryAfterMs: 1000 })
      await new Promise<void>(resolve => void waiting.push(resolve))
    } else {
      running++
    }
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next === undefined) running--
      else next()
    }
  }
}
