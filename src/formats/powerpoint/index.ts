// Binary presentations: the objects in their stream.
export { isEncryptedPresentation, presentationObjects } from './objects.ts'
export type { PresentationObject } from './objects.ts'
