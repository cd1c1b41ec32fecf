export { readShortcut } from './lnk.ts'
export type { Shortcut } from './lnk.ts'
