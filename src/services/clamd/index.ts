export { CLAMD_LIMITS, clamdLimits } from './limits.ts'
export type { ClamdLimits } from './limits.ts'
export { startClamdListener } from './listener.ts'
export type { ClamdListener, ClamdListenerOptions } from './listener.ts'
