import type { SectionReport } from './model.ts'

// Typed blocks that a component says about an artifact; a console draws each kind in its own way.

export type Section =
  | { readonly kind: 'text'; readonly title: string; readonly text: string }
  | {
      readonly kind: 'key-values'
      readonly title: string
      readonly entries: readonly { readonly key: string; readonly value: string }[]
    }
  | {
      readonly kind: 'table'
      readonly title: string
      readonly columns: readonly string[]
      /** Each as long as `columns`. */
      readonly rows: readonly (readonly string[])[]
    }
  /** Bytes of the artifact itself, at most a few kilobytes. */
  | { readonly kind: 'bytes'; readonly title: string; readonly offset: number; readonly length: number }

/** The section as the report writes it. */
export function sectionReport(section: Section): SectionReport {
  if (section.kind !== 'table')
    return section.kind === 'key-values' ? { ...section, entries: [...section.entries] } : section
  const { kind, title, columns, rows } = section
  return {
    kind,
    title,
    columns: columns.map(name => ({ name })),
    rows: rows.map(cells => ({ cells: cells.map(value => ({ value })) })),
  }
}
