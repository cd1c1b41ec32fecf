// Binary Word documents: their header, and commands in their fields.
export { readWordHeader, wordDdeCommands } from './document.ts'
export type { WordHeader } from './document.ts'
