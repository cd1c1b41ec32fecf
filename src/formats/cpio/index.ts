// Cpio archives: binary in both byte orders, portable ASCII, SVR4 with and without checksums, afio.
export { readCpio } from './read.ts'
export type { CpioMember } from './read.ts'
