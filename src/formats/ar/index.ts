// Ar archives: System V, GNU, BSD and Microsoft names, thin archives.
export { readAr } from './read.ts'
