export { textElements } from './chunks.ts'
export type { TextElement } from './chunks.ts'
