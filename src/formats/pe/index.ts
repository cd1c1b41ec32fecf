export { fileOffsetOf, hasPeSignature, readPeHeader } from './header.ts'
export type { DataDirectory, PeHeader } from './header.ts'
export { readPe } from './layout.ts'
