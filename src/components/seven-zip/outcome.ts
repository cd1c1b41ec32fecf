import type { ContentFault } from '../../bytes/index.ts'

// What 7-Zip says, line by line. Its messages are the only account of what went wrong with which member:
//
//   ERROR: Wrong password : dir/name          about a member, after it was closed
//   ERRORS:                                   about the archive, up to an empty line
//   Unexpected end of archive
//   --                                        the archive is open; facts about it follow up to the next empty line
//   Physical Size = 362

export interface Outcome {
  /** True where the archive could be opened, as damaged as it may be. */
  isOpen: boolean
  /** True where names, too, are encrypted, and no password fits. */
  isClosed: boolean
  readonly errors: string[]
  readonly warnings: string[]
  /** Where the archive lies in the content, in bytes; undefined where 7-Zip does not say. */
  offset: number | undefined
  physicalSize: number | undefined
  /** Second names of members, which 7-Zip cannot make in this file system. */
  hardLinks: number
  /** Members with a failure that were never opened for writing. */
  readonly lost: { readonly name: string; readonly failure: string }[]
}

/** More messages than this say nothing new. */
const MAX_MESSAGES = 100
const MAX_LOST = 10_000
const HARD_LINK = 'Cannot create hard link'
/** Said about names, never about content. */
const HARMLESS = [
  HARD_LINK,
  'Cannot create symbolic link',
  'Cannot set file attribute',
  'Cannot set folder attribute',
  'Dangerous link path was ignored',
]
const FACTS = /^(?<name>Physical Size|Offset) = (?<value>\d+)$/

/** Takes lines, and tells failures of members to `fail`, which answers whether it knows the member. */
export class OutcomeReader {
  readonly outcome: Outcome = {
    isOpen: false,
    isClosed: false,
    errors: [],
    warnings: [],
    offset: undefined,
    physicalSize: undefined,
    hardLinks: 0,
    lost: [],
  }
  readonly #fail: (name: string, failure: string) => boolean
  #list: string[] | undefined
  #inFacts = false

  constructor(fail: (name: string, failure: string) => boolean) {
    this.#fail = fail
  }

  line(line: string): void {
    const { outcome } = this
    if (line === '') this.#list = undefined
    else if (line === 'ERRORS:') this.#list = outcome.errors
    else if (line === 'WARNINGS:') this.#list = outcome.warnings
    else if (line === '--') {
      this.#inFacts = true
      outcome.isOpen = true
    } else if (line.startsWith('Cannot open encrypted archive')) outcome.isClosed = true
    else if (line.startsWith('ERROR: ')) this.#member(line.slice('ERROR: '.length))
    else if (this.#inFacts && this.#fact(line)) this.#list = undefined
    else if (this.#list !== undefined) push(this.#list, line)
  }

  #member(text: string): void {
    if (text.startsWith(HARD_LINK)) this.outcome.hardLinks++
    if (HARMLESS.some(words => text.startsWith(words))) return
    const colon = text.indexOf(' : ')
    if (colon < 0) return
    const failure = text.slice(0, colon)
    const name = text.slice(colon + 3)
    if (!this.#fail(name, failure) && this.outcome.lost.length < MAX_LOST) this.outcome.lost.push({ name, failure })
  }

  #fact(line: string): boolean {
    const facts = FACTS.exec(line)?.groups
    if (facts?.name === 'Offset') this.outcome.offset ??= Number(facts.value)
    else if (facts?.name === 'Physical Size') this.outcome.physicalSize ??= Number(facts.value)
    return facts !== undefined
  }
}

function push(list: string[], line: string): void {
  // The same messages come twice: while the archive is opened, and among the facts about it.
  if (list.length < MAX_MESSAGES && !list.includes(line)) list.push(line)
}

/** What a failure of a member means: the first row whose words it contains. */
const FAULTS: readonly (readonly [words: string, fault: ContentFault])[] = [
  ['password', 'encrypted'],
  ['Unsupported', 'unsupported'],
]

export function faultOf(failure: string): ContentFault {
  return FAULTS.find(([words]) => failure.includes(words))?.[1] ?? 'malformed'
}
