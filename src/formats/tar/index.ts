// Tar archives of all ages: version 7, ustar, pax, GNU, star.
export { readTar } from './read.ts'
export type { TarMember } from './read.ts'
export { expandSparse } from './expand.ts'
