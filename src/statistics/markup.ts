import { escapeMarkup, visible } from '../report/index.ts'

// HTML that cannot be broken out of: text is escaped where it is put in, and only the names in this project's own code
// become tags and attributes.

/** A piece of HTML that is safe to put into a page. */
export interface Markup {
  readonly text: string
}

/** HTML that this project wrote itself. Never for anything that came from a report. */
export const raw = (text: string): Markup => ({ text })

/** Elements that have no end tag in HTML. */
const VOID = new Set(['rect', 'line'])

/** An element; strings among its children are text. */
export function element(
  tag: string,
  attributes: Readonly<Record<string, string | number>>,
  children: readonly (Markup | string)[],
): Markup {
  const pairs = Object.entries(attributes).map(([name, value]) => ` ${name}="${safe(String(value))}"`)
  const content = children.map(child => (typeof child === 'string' ? safe(child) : child.text)).join('')
  const open = `<${tag}${pairs.join('')}`
  return raw(VOID.has(tag) && content === '' ? `${open}/>` : `${open}>${content}</${tag}>`)
}

const safe = (text: string): string => escapeMarkup(visible(text))
