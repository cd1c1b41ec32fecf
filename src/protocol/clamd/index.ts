export { CLAMD_COMMANDS, MAX_CLAMD_COMMAND_BYTES, matchClamdCommand } from './commands.ts'
export type { ClamdCommandName, ClamdCommandRule } from './commands.ts'
export { ClamdDecoder } from './decoder.ts'
export type { ClamdCommand, ClamdFault, ClamdHandler, ClamdReplyTo, ClamdTerminator } from './decoder.ts'
export {
  CLAMD_RESULTS,
  CLAMD_STREAM_NAME,
  CLAMD_TEXTS,
  clamdFound,
  clamdLine,
  clamdResult,
  clamdTime,
  clamdVersionCommands,
  escapeControl,
  toBinaryString,
} from './replies.ts'
export { clamdStatsText } from './stats.ts'
export type { ClamdStats } from './stats.ts'
