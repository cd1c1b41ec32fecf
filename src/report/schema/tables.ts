import { describeModel, VOCABULARIES, type Field, type NamedType } from './describe.ts'

// Writes shapes.generated.ts, in the style of the formatter.

const HEAD = `// Generated from model.ts by scripts/generate-schemas.ts; do not edit.
import type { Shape } from './shape.ts'
import { ${Object.values(VOCABULARIES)
  .map(({ constant }) => constant)
  .sort()
  .join(', ')} } from './vocabulary.ts'
`

/** Types that writers and readers begin with; the others are reached through them. */
const ENTRIES = new Set(['Report', 'Results', 'Error', 'Summary'])

/** The tables of every type, as TypeScript. */
export const shapesSource = (): string => [HEAD, ...describeModel().map(shapeSource)].join('\n')

function shapeSource({ name, description, fields }: NamedType): string {
  const exported = ENTRIES.has(name) ? 'export ' : ''
  const members = fields.map(memberSource)
  // The formatter puts a single short member on the line of its list.
  const short = members.length === 1 && !members[0].trimEnd().includes('\n')
  const list = short ? `[${members[0].trim().replace(/,$/, '')}]` : `[\n${members.join('')}]`
  return `/** ${description}. */\n${exported}const ${constantOf(name)}: Shape = ${list}\n`
}

const constantOf = (type: string): string => `${type[0].toLowerCase()}${type.slice(1)}Shape`

function memberSource({ name, optional, type }: Field): string {
  const parts = [`name: '${name}'`, `kind: '${type.kind}'`]
  if (optional) parts.push('optional: true')
  if (type.kind === 'text' && type.pattern !== undefined) parts.push(`pattern: /${type.pattern}/`)
  if (type.kind === 'word') parts.push(`words: ${VOCABULARIES[type.vocabulary].constant}`)
  if (type.kind === 'list') parts.push(`element: '${type.element}'`)
  if (type.kind === 'list' && type.min > 0) parts.push(`min: ${type.min}`)
  if (type.kind === 'object' || type.kind === 'list') parts.push(`shape: ${constantOf(type.type)}`)
  const line = `  { ${parts.join(', ')} },\n`
  return line.length <= 121 ? line : `  {\n${parts.map(part => `    ${part},\n`).join('')}  },\n`
}
