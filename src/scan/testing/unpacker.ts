import { createHash, createHmac, pbkdf2Sync, createCipheriv, createDecipheriv } from 'node:crypto'
import type { Component, CryptoPort } from '../component.ts'
import { runComponentNow } from '../run-component.ts'
import { RunStopped } from '../members.ts'
import type { Unpacker } from '../unpacker.ts'

// Runs components in the process of a test: no sandbox, no budget but the component's own.

const cipherName = (mode: string, key: Uint8Array): string => `aes-${key.length * 8}-${mode}`

const crypto: CryptoPort = {
  hash: (name, bytes) => createHash(name).update(bytes).digest(),
  hmac: (name, key, bytes) => createHmac(name, key).update(bytes).digest(),
  pbkdf2: (name, password, salt, iterations, length) => pbkdf2Sync(password, salt, iterations, length, name),
  aesDecrypt: (mode, key, iv, bytes) => {
    const cipher = createDecipheriv(cipherName(mode, key), key, mode === 'ecb' ? null : iv).setAutoPadding(false)
    return Buffer.concat([cipher.update(bytes), cipher.final()])
  },
  aesEncrypt: (mode, key, iv, bytes) => {
    const cipher = createCipheriv(cipherName(mode, key), key, mode === 'ecb' ? null : iv).setAutoPadding(false)
    return Buffer.concat([cipher.update(bytes), cipher.final()])
  },
}

/** An unpacker over synchronous components. An error of a component is a crash, as it is in a sandbox. */
export function inProcessUnpacker(components: readonly Component[]): Unpacker {
  return {
    manifests: components.map(({ manifest }) => manifest),
    run(order, sink) {
      const component = components.find(({ manifest }) => manifest.name === order.component)
      if (component === undefined) throw new Error(`no component ${order.component}`)
      const { content: bytes, type, name, passwords, budget } = order
      const declared = (component.manifest.options ?? []).map(option => [option.name, option.default] as const)
      const options = { ...Object.fromEntries(declared), ...order.options }
      try {
        runComponentNow(component, { bytes, type, name }, { passwords, options, budget, crypto }, sink)
        return 'done'
      } catch (error) {
        if (error instanceof RunStopped) throw error
        return 'crashed'
      }
    },
  }
}
