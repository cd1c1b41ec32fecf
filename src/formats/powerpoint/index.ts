// Binary presentations: the objects in their stream.
export { isEncryptedPresentation, MAX_PRESENTATION_OBJECTS, presentationObjects } from './objects.ts'
export type { PresentationObject } from './objects.ts'
