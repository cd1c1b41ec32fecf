import { DEFAULT_COMPONENT_BUDGET } from '../../../scan/index.ts'
import { fullPlan, sandboxTarget } from '../launch.ts'
import { SandboxProcess } from '../process.ts'
import { encodeRequest } from '../wire.ts'

// An engine that gives a child work without end, tells which process it is, and is killed by the test.

const full = fullPlan()
const plan = process.argv[2] === 'none' ? { ...full, bwrap: undefined, seccomp: false } : full
const child = new SandboxProcess(plan, sandboxTarget(new URL('hostile-child.ts', import.meta.url)), {
  ready: ready => {
    const budget = DEFAULT_COMPONENT_BUDGET
    const request = { component: 'loop', type: 'data', name: '', passwords: [], options: {}, budget } as const
    ready.write(encodeRequest(request, 0))
    process.send?.(ready.nodePid)
  },
  data: () => true,
  ended: () => {},
})
await child.closed
