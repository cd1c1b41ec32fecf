// Limits of one artifact tree, with their defaults. Loads nothing.

/** Circumstances that may be made detections of, with ClamAV's names. */
export const ALERTS = ['encrypted', 'macros', 'limits', 'broken'] as const
export type Alert = (typeof ALERTS)[number]

export interface TreeLimits {
  /** Containers inside of containers; the submission itself is at depth 0. */
  readonly maxDepth: number
  /** Artifacts, the submission among them. */
  readonly maxArtifacts: number
  /** Bytes that may come out of all containers together, however large the submission is. */
  readonly maxOutputBytes: number
  /** What comes out may be so many times as long as the submission, beyond FREE_OUTPUT_BYTES (tree-budget.ts). */
  readonly maxExpansion: number
  /**
   * Longer content is matched, but not taken apart. A member is put together in memory: a submission of 17 MB that is
   * packed to a thirtieth can take this much of it.
   */
  readonly maxUnpackBytes: number
  readonly alerts: readonly Alert[]
}

export const TREE_LIMITS: TreeLimits = {
  maxDepth: 24,
  maxArtifacts: 20_000,
  maxOutputBytes: 2 ** 31,
  // Honest archives rarely pass twenty; bombs start at a thousand.
  maxExpansion: 30,
  maxUnpackBytes: 512 << 20,
  alerts: [],
}
