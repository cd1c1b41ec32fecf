export { hasPeSignature } from './header.ts'
export { importTable } from './imports.ts'
export type { ImportTable } from './imports.ts'
export { readPe } from './layout.ts'
