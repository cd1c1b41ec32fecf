export { createFetcher, createSender, type OutboundOptions } from './fetch.ts'
