import { ReportSchema, ResultsSchema } from '../model.ts'
import { DETECTION_KINDS, REASONS, RELATIONS, SECTION_KINDS, SEVERITIES, VERDICTS } from '../vocabulary.ts'

// The schemas as a flat list of named types: what the tables, the XSD and the documentation are written from.

/** The closed vocabularies of the model: type name → constant in vocabulary.ts and its words. */
export const VOCABULARIES = {
  Verdict: { constant: 'VERDICTS', words: VERDICTS },
  Reason: { constant: 'REASONS', words: REASONS },
  DetectionKind: { constant: 'DETECTION_KINDS', words: DETECTION_KINDS },
  Severity: { constant: 'SEVERITIES', words: SEVERITIES },
  Relation: { constant: 'RELATIONS', words: RELATIONS },
  SectionKind: { constant: 'SECTION_KINDS', words: SECTION_KINDS },
} as const
type VocabularyName = keyof typeof VOCABULARIES

export type FieldType =
  | { readonly kind: 'text'; readonly pattern: string | undefined; readonly format: string | undefined }
  | { readonly kind: 'word'; readonly vocabulary: VocabularyName }
  | { readonly kind: 'count' | 'number' }
  | { readonly kind: 'object'; readonly type: string }
  | { readonly kind: 'list'; readonly type: string; readonly element: string; readonly min: number }

export interface Field {
  readonly name: string
  readonly optional: boolean
  readonly description: string
  readonly type: FieldType
}

export interface NamedType {
  /** The name of its element with a capital first letter. */
  readonly name: string
  readonly description: string
  readonly fields: readonly Field[]
}

/** The part of JSON Schema that the model uses. */
interface Node {
  readonly type?: string
  readonly description?: string
  readonly properties?: Readonly<Record<string, Node>>
  readonly required?: readonly string[]
  readonly enum?: readonly string[]
  readonly pattern?: string
  readonly format?: string
  readonly items?: Node
  readonly minItems?: number
  readonly 'x-xml-element'?: string
}

/**
 * Every object type of the model, each after the types it contains; `Report` and `Results` are the documents.
 * @throws Error where the schemas use something this does not know, or give one name to two types
 */
export function describeModel(): NamedType[] {
  const types = new Map<string, NamedType>()
  for (const [name, schema] of Object.entries({ report: ReportSchema, results: ResultsSchema }))
    addType(types, name, plain(schema))
  return [...types.values()]
}

/** The schema as the JSON it is, without what typebox hides in it. */
const plain = (schema: unknown): Node => JSON.parse(JSON.stringify(schema)) as Node

function addType(types: Map<string, NamedType>, element: string, node: Node): string {
  const name = element[0].toUpperCase() + element.slice(1)
  const fields = Object.entries(node.properties ?? {}).map(([field, schema]) => ({
    name: field,
    optional: node.required?.includes(field) !== true,
    description: described(schema, `${name}.${field}`),
    type: fieldType(types, field, schema),
  }))
  const type = { name, description: described(node, name), fields }
  const known = types.get(name)
  if (known !== undefined && JSON.stringify(known) !== JSON.stringify(type)) throw new Error(`Two types named ${name}`)
  types.set(name, known ?? type)
  return name
}

function fieldType(types: Map<string, NamedType>, name: string, node: Node): FieldType {
  if (node.enum !== undefined) return { kind: 'word', vocabulary: vocabularyOf(node.enum) }
  switch (node.type) {
    case 'string':
      return { kind: 'text', pattern: node.pattern, format: node.format }
    case 'integer':
      return { kind: 'count' }
    case 'number':
      return { kind: 'number' }
    case 'object':
      return { kind: 'object', type: addType(types, name, node) }
    case 'array': {
      const element = node['x-xml-element']
      if (element === undefined || node.items === undefined) throw new Error(`${name} has no name for its items`)
      return { kind: 'list', type: addType(types, element, node.items), element, min: node.minItems ?? 0 }
    }
    default:
      throw new Error(`${name} has type ${node.type}, which the tables do not know`)
  }
}

function vocabularyOf(words: readonly string[]): VocabularyName {
  const found = Object.entries(VOCABULARIES).find(([, vocabulary]) => vocabulary.words.join() === words.join())
  if (found === undefined) throw new Error(`No vocabulary for ${words.join()}`)
  return found[0] as VocabularyName
}

function described(node: Node, where: string): string {
  if (node.description === undefined) throw new Error(`${where} has no description`)
  return node.description
}
