// The commands of the clamd dialect, and how one is recognised. Texts are "binary strings" throughout this folder:
// one character per byte, so that paths in any encoding survive unchanged (write them with latin1).

/** What clamd allows for one command. */
export interface ClamdCommandRule {
  /** True: at least one byte follows the name; it is skipped (the space), the rest is the argument. */
  readonly argument: boolean
  /** True: may be sent without the prefixes n and z. */
  readonly oldStyle: boolean
  /** True: allowed inside IDSESSION. */
  readonly session: boolean
  /** True: this dialect carries it out; the others are only recognised, and refused in their own words. */
  readonly served: boolean
}

const rule = (argument: boolean, oldStyle: boolean, session: boolean, served = true): ClamdCommandRule => ({
  argument,
  oldStyle,
  session,
  served,
})

/** In the order in which VERSIONCOMMANDS lists them. Source: clamd 1.4.6, observed; facts of its manual page. */
export const CLAMD_COMMANDS = {
  SCAN: rule(true, true, true),
  QUIT: rule(false, true, false),
  RELOAD: rule(false, true, false),
  PING: rule(false, true, true),
  CONTSCAN: rule(true, true, false),
  VERSIONCOMMANDS: rule(false, false, true),
  VERSION: rule(false, true, true),
  END: rule(false, false, true),
  SHUTDOWN: rule(false, true, false),
  MULTISCAN: rule(true, true, false),
  FILDES: rule(false, true, true, false),
  STATS: rule(false, false, true),
  IDSESSION: rule(false, false, false),
  INSTREAM: rule(false, false, true),
  DETSTATSCLEAR: rule(false, true, false, false),
  DETSTATS: rule(false, true, false, false),
  ALLMATCHSCAN: rule(true, false, false),
} as const satisfies Record<string, ClamdCommandRule>
export type ClamdCommandName = keyof typeof CLAMD_COMMANDS

/** Longest command in bytes, with its prefix and its terminator: PATH_MAX and 8 more. */
export const MAX_CLAMD_COMMAND_BYTES = 4104

const names = Object.keys(CLAMD_COMMANDS) as ClamdCommandName[]
const plain = new Map(names.filter(name => !CLAMD_COMMANDS[name].argument).map(name => [name as string, name]))
const withArgument = names.filter(name => CLAMD_COMMANDS[name].argument)

/** A command by its text without prefix and terminator; undefined where clamd says UNKNOWN COMMAND. */
export const matchClamdCommand = (text: string): { name: ClamdCommandName; argument: string } | undefined => {
  const name = plain.get(text)
  if (name !== undefined) return { name, argument: '' }
  const found = withArgument.find(candidate => text.length > candidate.length && text.startsWith(candidate))
  return found === undefined ? undefined : { name: found, argument: text.slice(found.length + 1) }
}
