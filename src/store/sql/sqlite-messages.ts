// What the server and the thread of a SQLite connection say to each other.

export interface ThreadOptions {
  readonly path: string
  readonly readOnly: boolean
  readonly pragmas: readonly string[]
}

/** Orders go in lists, carried out in their order, and so do the answers. */
export interface ThreadOrder {
  readonly id: number
  /** Undefined: close. */
  readonly sql: string | undefined
  readonly parameters: readonly unknown[]
}

export type ThreadAnswer =
  | { readonly id: number; readonly rows: Record<string, unknown>[]; readonly changes: number }
  | { readonly id: number; readonly error: { readonly message: string; readonly code: number } }
