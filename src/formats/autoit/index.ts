// AutoIt 3: compiled scripts.
export { readAutoIt } from './read.ts'
export type { AutoItFile } from './read.ts'
export { autoItLines } from './tokens.ts'
