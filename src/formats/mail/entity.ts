import { boundaryCandidates } from './boundaries.ts'
import { decodeExtended, decodeWords } from './encoded-words.ts'
import type { Header } from './headers.ts'
import { parameterValues, readStructured } from './parameters.ts'
import type { Parameter } from './parameters.ts'

// What the headers of a message or part say about its body, by every reading that some mailer may have.

export type TransferEncoding = 'identity' | 'base64' | 'quoted-printable' | 'uuencode' | 'yenc' | 'binhex'

/** Words in a Content-Transfer-Encoding, compared without anything but letters and digits. */
const ENCODING_WORDS: readonly (readonly [word: string, encoding: TransferEncoding])[] = [
  ['base64', 'base64'],
  ['quotedprintable', 'quoted-printable'],
  ['uue', 'uuencode'],
  ['uuencode', 'uuencode'],
  ['yenc', 'yenc'],
  ['binhex', 'binhex'],
]

export interface Entity {
  /** Media types, lower case, the first header's first; empty where none is declared. */
  readonly types: readonly string[]
  readonly boundaries: readonly string[]
  /** At least one. */
  readonly encodings: readonly TransferEncoding[]
  /** Names, decoded; those of Content-Disposition first. */
  readonly names: readonly string[]
  /** Text of the character set's name; empty where none is declared. */
  readonly charset: string
  /** `attachment`, `inline` or empty. */
  readonly disposition: string
  /** Parameters of the first Content-Type, for message/partial. */
  readonly parameters: readonly Parameter[]
  /** True where headers repeat or contradict each other. */
  readonly ambiguous: boolean
  /** True where a limit cut what the headers say. */
  readonly cut: boolean
}

/** What nothing is declared about. */
const PLAIN: Entity = {
  types: [],
  boundaries: [],
  encodings: ['identity'],
  names: [],
  charset: '',
  disposition: '',
  parameters: [],
  ambiguous: false,
  cut: false,
}

/** Reads the Content- headers of one block. */
export function describeEntity(headers: readonly Header[], cut: boolean): Entity {
  if (!cut && !headers.some(header => header.name.startsWith('content-'))) return PLAIN
  const valuesOf = (name: string) => headers.filter(header => header.name === name).map(header => header.value)
  const typeValues = valuesOf('content-type')
  const dispositionValues = valuesOf('content-disposition')
  const types = typeValues.map(value => readStructured(value))
  const dispositions = dispositionValues.map(value => readStructured(value))
  const boundaries = boundaryCandidates([...typeValues, ...dispositionValues])
  const encodings = distinct(valuesOf('content-transfer-encoding').map(encodingOf))
  const typeNames = distinct(types.map(type => type.main).filter(type => type !== ''))
  return {
    types: typeNames,
    boundaries: boundaries.candidates,
    encodings: encodings.length === 0 ? ['identity'] : encodings,
    names: distinct([
      ...dispositions.flatMap(({ parameters }) => namesIn(parameters, 'filename')),
      ...types.flatMap(({ parameters }) => namesIn(parameters, 'name')),
      ...dispositions.flatMap(({ parameters }) => namesIn(parameters, 'name')),
      ...valuesOf('content-location').map(value => decodeWords(value)),
    ]).filter(name => name !== ''),
    charset: types.flatMap(({ parameters }) => parameterValues(parameters, 'charset').raw)[0] ?? '',
    disposition: dispositions[0]?.main ?? '',
    parameters: types[0]?.parameters ?? [],
    ambiguous: typeNames.length > 1 || encodings.length > 1 || (isMultipart(typeNames) && boundaries.declared > 1),
    cut: cut || boundaries.cut,
  }
}

const distinct = <T>(values: readonly T[]): T[] => [...new Set(values)]

/** True where one of the types is multipart. */
export const isMultipart = (types: readonly string[]): boolean => types.some(type => type.startsWith('multipart'))

/** `Base64 (comment)` → base64. What nobody knows is identity, as mailers have it. */
function encodingOf(value: string): TransferEncoding {
  const word = value.toLowerCase().replace(/[^a-z0-9]/g, '')
  return ENCODING_WORDS.find(([known]) => word.includes(known))?.[1] ?? 'identity'
}

/** Names by RFC 2231 first, as mailers prefer them. Careless mailers put percent-encoding into plain names, too. */
function namesIn(parameters: readonly Parameter[], name: string): string[] {
  const { raw, decoded } = parameterValues(parameters, name)
  const plain = raw.map(value => (/^[\w-]{1,40}'[\w-]{0,20}'/.test(value) ? decodeExtended(value) : decodeWords(value)))
  return [...decoded, ...plain]
}
