// Plain description of the model at run time, so that writers and readers need no schema library. The tables
// themselves are generated from model.ts into shapes.generated.ts.

/** A member that holds one value; an attribute in XML. */
export type ScalarMember =
  | { readonly name: string; readonly kind: 'text'; readonly optional?: true; readonly pattern?: RegExp }
  | { readonly name: string; readonly kind: 'word'; readonly optional?: true; readonly words: readonly string[] }
  | { readonly name: string; readonly kind: 'count'; readonly optional?: true }
  | { readonly name: string; readonly kind: 'number'; readonly optional?: true }

/** A member that holds one object or a list of objects; an element, or repeated elements, in XML. */
export type NestedMember =
  | { readonly name: string; readonly kind: 'object'; readonly optional?: true; readonly shape: Shape }
  | {
      readonly name: string
      readonly kind: 'list'
      /** Absent where it would be empty. */
      readonly optional?: true
      readonly element: string
      readonly min?: number
      readonly shape: Shape
    }

export type Member = ScalarMember | NestedMember

/** The members of one object, in the order of the schema. */
export type Shape = readonly Member[]

/** A value of the model seen through its shape. */
export type Fields = Record<string, unknown>

/** Tells values from objects and lists. */
export const isScalar = (member: Member): member is ScalarMember => member.kind !== 'object' && member.kind !== 'list'

/** Name of a nested member as an XML element. */
export const elementOf = (member: NestedMember): string => (member.kind === 'list' ? member.element : member.name)

/**
 * Copies the known members of a value in the order of the schema; absent optional members stay absent.
 * Does not check anything: the value must have the type the shape describes.
 */
export function ordered(shape: Shape, value: Fields): Fields {
  const copy: Fields = {}
  for (const member of shape) {
    const field = value[member.name]
    if (field === undefined) continue
    if (member.kind === 'object') copy[member.name] = ordered(member.shape, field as Fields)
    else if (member.kind === 'list') copy[member.name] = (field as Fields[]).map(item => ordered(member.shape, item))
    else copy[member.name] = field
  }
  return copy
}
