// Why a line of a signature database is left out: one table, stable codes.

export const PROBLEMS = {
  'blank-line': 'the line is blank',
  'line-too-long': 'the line is longer than the reader accepts',
  'field-count': 'the line has the wrong number of fields',
  'bad-hash': 'the digest is not 32, 40 or 64 hexadecimal digits',
  'bad-size': 'the size is not a number from 1 to 4294967294, or *',
  'bad-name': 'the name is empty or too long',
  'bad-level': 'the functionality level is not a number',
  'level-out-of-range': 'the signature is for other functionality levels',
  'bad-target': 'the target is not a number from 0 to 14',
  'bad-offset': 'the offset cannot be read',
  'offset-needs-executable': 'this offset is only possible for targets 1 (PE), 6 (ELF) and 9 (Mach-O)',
  'bad-hex': 'the pattern has something other than hexadecimal digits where bytes belong',
  'bad-gap': 'a gap is not of the form {n}, {n-m}, {-m}, {n-} or [n-m] within the limits',
  'bad-alternatives': 'a group of alternatives cannot be read',
  'pattern-too-weak': 'a part of the pattern has no two fixed bytes in a row',
  'pattern-too-long': 'the pattern is longer than the compiler accepts',
  'bad-expression': 'the logical expression cannot be read',
  'bad-conditions': 'the target description cannot be read',
  'unknown-condition': 'the target description has a key that is not known',
  'subsignature-count': 'the expression and the subsignatures differ in number, or there are more than 64',
  'bad-modifier': 'a modifier after :: is not one of i, w, f, a',
  'unsupported-pcre': 'regular expressions are not supported yet',
  'unsupported-byte-compare': 'byte comparisons are not supported yet',
  'unsupported-macro': 'macros are not supported yet',
  'unsupported-fuzzy-image': 'image hashes are not supported yet',
  'unsupported-icon': 'icon groups are not supported yet',
  'unsupported-handler': 'HandlerType is not supported yet',
  'unsupported-database': 'this kind of database is not supported yet',
  'unwanted-off': 'signatures of potentially unwanted programs are switched off',
  ignored: 'an ignore list names this signature',
} as const

export type ProblemCode = keyof typeof PROBLEMS

/** Thrown inside the language readers, caught once per line; never leaves this layer. */
export class LineError extends Error {
  readonly code: ProblemCode
  constructor(code: ProblemCode, detail?: string) {
    super(detail === undefined ? PROBLEMS[code] : `${PROBLEMS[code]}: ${detail}`)
    this.name = 'LineError'
    this.code = code
  }
}

/** One line that was left out. */
export interface Problem {
  readonly file: string
  /** From 1; 0 for the file as a whole. */
  readonly line: number
  readonly code: ProblemCode
  readonly message: string
}
