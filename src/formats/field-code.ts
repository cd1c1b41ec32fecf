// Fields of Word documents, in all formats that have them: a begin, the instruction, a separator, the result, an end;
// one in the other. A field that starts a program is found even where QUOTE fields put its words together.
// Source: [MS-DOC] 2.8.25, ECMA-376 part 1, 17.16.

/** Fields in each other; Word gives up far earlier. */
const MAX_DEPTH = 64
/** Characters of one instruction. */
const MAX_INSTRUCTION = 8_192
/** Commands that are kept. */
const MAX_COMMANDS = 100

interface Open {
  instruction: string
  inResult: boolean
}

/** Is told a document's text with its fields, and keeps the commands that DDE fields carry. */
export class FieldCodes {
  /** As `DDEAUTO program arguments`. */
  readonly commands: string[] = []
  readonly #open: Open[] = []
  #tooDeep = 0

  begin(): void {
    if (this.#open.length < MAX_DEPTH) this.#open.push({ instruction: '', inResult: false })
    else this.#tooDeep++
  }

  text(text: string): void {
    const top = this.#open.at(-1)
    if (top !== undefined && !top.inResult && top.instruction.length < MAX_INSTRUCTION)
      top.instruction += text.slice(0, MAX_INSTRUCTION)
  }

  separate(): void {
    const top = this.#open.at(-1)
    if (top !== undefined && this.#tooDeep === 0) top.inResult = true
  }

  end(): void {
    if (this.#tooDeep > 0) {
      this.#tooDeep--
      return
    }
    const field = this.#open.pop()
    if (field === undefined) return
    this.instruction(field.instruction)
    this.text(quoted(field.instruction))
  }

  /** Closes what is still open: fields of damaged documents. */
  finish(): void {
    while (this.#open.length > 0) this.end()
  }

  /** A field whose instruction is known as a whole. */
  instruction(text: string): void {
    const start = text.trimStart()
    if (/^dde(?:auto)?(?![a-z0-9])/i.test(start) && this.commands.length < MAX_COMMANDS)
      this.commands.push(start.trimEnd())
  }
}

/** What a QUOTE field says: characters by their numbers, or text. Other fields: nothing. */
function quoted(instruction: string): string {
  const start = instruction.trimStart()
  if (!/^quote(?![a-z0-9])/i.test(start)) return ''
  const rest = start.slice(5).trim()
  const numbers = rest.split(/\s+/)
  if (numbers.every(number => /^(?:0x[0-9a-f]{1,6}|\d{1,7})$/i.test(number)))
    return numbers.map(number => String.fromCodePoint(Math.min(Number(number), 0x10_ffff))).join('')
  return rest.replaceAll('"', '')
}
