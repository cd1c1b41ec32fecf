import { ENGINE_COMPONENTS, MANIFESTS } from '../components/index.ts'
import { RunStopped, runComponentNow } from '../scan/index.ts'
import type { Component, EmissionSink, Unpacker, UnpackOrder, UnpackOutcome } from '../scan/index.ts'
import { componentContext } from './component-context.ts'
import type { SandboxClient } from './sandbox/channel.ts'

// What a scanning thread takes content apart with: linear components in the thread itself, the others in a sandbox.

/** Thrown by a thread without a sandbox: the job is for one that has a sandbox. */
export class NeedsSandbox extends Error {}

/** Components that run in the thread, by name. */
const HERE = new Map(ENGINE_COMPONENTS.map(component => [component.manifest.name, component]))

/** @param sandbox - absent: orders for a sandbox throw NeedsSandbox */
export const createEngineUnpacker = (sandbox: SandboxClient | undefined): Unpacker => ({
  manifests: MANIFESTS,
  run(order, sink) {
    const component = HERE.get(order.component)
    if (component !== undefined) return runHere(component, order, sink)
    if (sandbox === undefined) throw new NeedsSandbox()
    const { content, ...request } = order
    return sandbox.run(request, content, sink, performance.now() + order.budget.timeMs).outcome
  },
})

/** An exception is a fault of the component: it must not cost the thread. */
function runHere(component: Component, order: UnpackOrder, sink: EmissionSink): UnpackOutcome {
  const { content: bytes, type, name, passwords, options, budget } = order
  const context = componentContext(component.manifest, passwords, { options, budget })
  try {
    runComponentNow(component, { bytes, type, name }, context, sink)
    return 'done'
  } catch (error) {
    if (error instanceof RunStopped) throw error
    return 'crashed'
  }
}
