import type { SearchField } from './fields.ts'

// The tree that a query becomes: what parse.ts makes, and what a store compiles. docs/search.md has the grammar.

/** Characters of the query, from and to (exclusive), from 0. */
export interface Span {
  readonly from: number
  readonly to: number
}

export const OPERATORS = [':', '=', '!=', '<', '<=', '>', '>='] as const
export type Operator = (typeof OPERATORS)[number]

/** Text with wildcards: `parts` are literal, a `*` stands between each two of them. One part: no wildcard. */
export interface TextPattern {
  readonly kind: 'text'
  readonly parts: readonly string[]
}

export type SearchValue =
  | TextPattern
  /** A word of the field's vocabulary. */
  | { readonly kind: 'word'; readonly word: string }
  /** Whole hexadecimal digest, or its beginning (`prefix`). */
  | { readonly kind: 'digest'; readonly hex: string; readonly prefix: boolean }
  /** Inclusive bounds in the unit of the field (bytes, milliseconds, milliseconds since the epoch); absent: open. */
  | { readonly kind: 'range'; readonly least?: number; readonly most?: number }

export type SearchNode =
  | { readonly kind: 'all' }
  | { readonly kind: 'and' | 'or'; readonly nodes: readonly SearchNode[] }
  | { readonly kind: 'not'; readonly node: SearchNode }
  /** The operator is already in the value: a range for numbers, a `not` around it for `!=`. */
  | { readonly kind: 'test'; readonly field: SearchField; readonly value: SearchValue; readonly span: Span }

/** Bounds on what one query may be; a query is hostile input too. */
export const MAX_QUERY_CHARS = 4096
export const MAX_QUERY_TESTS = 64
export const MAX_QUERY_DEPTH = 16
