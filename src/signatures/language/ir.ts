// The intermediate form: what every signature language becomes before it is compiled into a database image.

/** A run of fixed length; a byte b matches at i when (b & masks[i]) === values[i]. Mask 0 is "any byte". */
export interface Run {
  readonly kind: 'run'
  readonly values: Uint8Array
  readonly masks: Uint8Array
}

/** One of several branches; a negated one consumes its (equal) branch length when none of them matches. */
export interface Choice {
  readonly kind: 'choice'
  readonly branches: readonly (readonly Element[])[]
  readonly negated: boolean
}

/** ClamAV's (B), (L) and (W): at an edge of a part it looks at the neighbouring byte, inside it consumes one. */
export interface Boundary {
  readonly kind: 'boundary'
  readonly which: 'word' | 'line' | 'nonword'
  readonly negated: boolean
  readonly at: 'left' | 'right' | 'inside'
  /** Set where the surrounding pattern is UTF-16: a neighbour is then a pair of bytes. */
  readonly wide: boolean
}

/** Between minBytes and maxBytes of anything; Infinity for an open end. Separates parts, unless it is inner. */
export interface Gap {
  readonly kind: 'gap'
  readonly minBytes: number
  readonly maxBytes: number
  /** Written as [n-m]: a neighbour may be a single byte. */
  readonly bracket: boolean
  /** Exact, and part of the part it stands in. */
  readonly inner: boolean
}

export type Element = Run | Choice | Boundary | Gap

/** Where a pattern may start. */
export type OffsetBase =
  | 'any'
  | 'absolute'
  | 'end'
  | 'entry-point'
  | 'section'
  | 'in-section'
  | 'last-section'
  | 'version-info'

/** Start in [base + value, base + value + maxShift], both inclusive, in bytes of the file. */
export interface Offset {
  readonly base: OffsetBase
  /** Section number from 0, for `section` and `in-section`. */
  readonly section: number
  /** Distance from the base in bytes; negative for EP-n; positive and counted backwards for `end`. */
  readonly value: number
  readonly maxShift: number
}

export const ANYWHERE: Offset = { base: 'any', section: 0, value: 0, maxShift: 0 }

/** One searchable pattern. */
export interface Pattern {
  readonly offset: Offset
  readonly elements: readonly Element[]
}

export type Comparison = '=' | '>' | '<'

/** A logical expression over subsignatures, as ClamAV reads it: without precedence, associating to the right. */
export type Expression =
  | { readonly kind: 'leaf'; readonly id: number; readonly comparison?: Comparison; readonly count: number }
  | { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | {
      readonly kind: 'block'
      readonly inner: Expression
      readonly comparison?: Comparison
      readonly count: number
      /** Least number of different subsignatures, 0 where not asked for. */
      readonly distinct: number
    }

/** A closed range of numbers. */
export interface Range {
  readonly min: number
  readonly max: number
}

/** Conditions on the file beside the expression. */
export interface Conditions {
  readonly fileSizeBytes?: Range
  readonly entryPoint?: Range
  readonly sections?: Range
  /** ClamAV type name of the direct container; CL_TYPE_ANY: only outside of any container. */
  readonly container?: string
  /** ClamAV type names from the outermost to the innermost container. */
  readonly intermediates?: readonly string[]
}

/** A body or logical signature. */
export interface ContentSignature {
  readonly kind: 'body' | 'logical'
  readonly name: string
  readonly target: number
  /** Patterns by subsignature; a subsignature matches where any of its patterns does. */
  readonly subsignatures: readonly (readonly Pattern[])[]
  readonly expression: Expression
  readonly conditions: Conditions
  readonly unwanted: boolean
}

export const HASH_KINDS = ['file', 'section', 'imports', 'allow'] as const
/** What a digest is taken of: whole file, PE section, PE import table; or a whole file that is trusted. */
export type HashKind = (typeof HASH_KINDS)[number]

export const DIGESTS = ['md5', 'sha1', 'sha256'] as const
export type DigestName = (typeof DIGESTS)[number]
export const DIGEST_BYTES: Readonly<Record<DigestName, number>> = { md5: 16, sha1: 20, sha256: 32 }
