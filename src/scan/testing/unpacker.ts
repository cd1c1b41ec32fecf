import { componentCrypto } from '../../runtime/component-crypto.ts'
import type { Component } from '../component.ts'
import { runComponentNow } from '../run-component.ts'
import { RunStopped } from '../members.ts'
import type { Unpacker } from '../unpacker.ts'

// Runs components in the process of a test: no sandbox, no budget but the component's own.

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
        runComponentNow(component, { bytes, type, name }, { passwords, options, budget, crypto: componentCrypto }, sink)
        return 'done'
      } catch (error) {
        if (error instanceof RunStopped) throw error
        return 'crashed'
      }
    },
  }
}
