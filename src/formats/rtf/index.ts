// RTF: destinations, and the data in them.
export { readRtf } from './destinations.ts'
export type { RtfData, RtfDocument, RtfSpan } from './destinations.ts'
export { readRtfData, rtfReadings } from './data.ts'
