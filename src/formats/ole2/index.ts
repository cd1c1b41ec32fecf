// Compound files and the property sets in them.
export { openCompound } from './compound.ts'
export type { CompoundFile, OleStream } from './compound.ts'
export type { DirectoryEntry } from './directory.ts'
export { extentPieces, joinExtents, pathOf, streamBytes, streamPieces } from './content.ts'
export { isMsiName, unpackMsiName } from './msi-name.ts'
export { decodeCodePage, readPropertySets } from './property-set.ts'
export type { PropertySet } from './property-set.ts'
