import { describeModel, VOCABULARIES, type Field, type FieldType, type NamedType } from './describe.ts'

// The reference part of docs/report.md.

const BEGIN = '<!-- begin generated -->'
const END = '<!-- end generated -->'

/** The page with the part between its markers replaced. Throws Error if the markers are missing. */
export function withReference(page: string): string {
  const begin = page.indexOf(BEGIN)
  const end = page.indexOf(END)
  if (begin < 0 || end < begin) throw new Error(`docs/report.md has lost its markers ${BEGIN} and ${END}`)
  return `${page.slice(0, begin)}${BEGIN}\n\n${reference()}\n${page.slice(end)}`
}

/** Every type with its members, outermost first, and every word. */
function reference(): string {
  const words = Object.entries(VOCABULARIES).map(([name, vocabulary]) => `- \`${name}\`: ${list(vocabulary.words)}`)
  return [...describeModel().reverse().map(typeSection), `### Words\n\n${words.join('\n')}\n`].join('\n')
}

const list = (words: readonly string[]): string => words.map(word => `\`${word}\``).join(', ')

function typeSection({ name, description, fields }: NamedType): string {
  const head = '| Member | Type | In XML | Meaning |\n|---|---|---|---|\n'
  return `### ${name}\n\n${description}.\n\n${head}${fields.map(row).join('')}`
}

const row = ({ name, optional, description, type }: Field): string =>
  `| \`${name}\`${optional ? ' (optional)' : ''} | ${typeText(type)} | ${xmlText(name, type)} | ${description} |\n`

const KIND_TEXTS = { text: 'text', count: 'whole number', number: 'number' } as const

function typeText(type: FieldType): string {
  if (type.kind === 'word') return `\`${type.vocabulary}\``
  if (type.kind === 'object') return `\`${type.type}\``
  if (type.kind === 'list') return `list of \`${type.type}\`${type.min > 0 ? `, at least ${type.min}` : ''}`
  const pattern =
    type.kind === 'text' && type.pattern !== undefined ? ` \`${type.pattern.replaceAll('|', '\\|')}\`` : ''
  return KIND_TEXTS[type.kind] + pattern
}

function xmlText(name: string, type: FieldType): string {
  if (type.kind === 'list') return `elements \`${type.element}\``
  return type.kind === 'object' ? `element \`${name}\`` : `attribute \`${name}\``
}
