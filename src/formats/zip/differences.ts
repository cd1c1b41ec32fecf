/**
 * In what readings of an archive differ, or what a sound archive does not have; each with one sentence.
 * Beside the ambiguities: `checksum` and `size`, of what came out.
 */
export const DIFFERENCES = {
  ends: ['ambiguous', 'Several end records lead to different directories'],
  directories: ['ambiguous', 'The end record leads to several directories'],
  directory: ['ambiguous', 'No directory where the end record says'],
  orphans: ['ambiguous', 'Directory entries that no end record leads to'],
  count: ['ambiguous', 'The number of entries differs from the one in the end record'],
  'directory-size': ['ambiguous', 'The size of the directory differs from the one in the end record'],
  offset: ['ambiguous', 'Offsets are not from the start of the file'],
  zip64: ['ambiguous', 'The end record and its Zip64 record differ'],
  comment: ['ambiguous', 'The comment is longer than what is left of the file'],
  'local-header': ['ambiguous', 'No local header where an entry of the directory points'],
  unlisted: ['ambiguous', 'Members that no directory lists'],
  names: ['ambiguous', 'Names of a member differ'],
  sizes: ['ambiguous', 'Sizes of a member differ'],
  methods: ['ambiguous', 'Methods of a member differ'],
  checksums: ['ambiguous', 'Checksums of a member differ'],
  encryption: ['ambiguous', 'A member is encrypted in one place and not in the other'],
  duplicates: ['ambiguous', 'Members of the same name'],
  folders: ['ambiguous', 'A folder with content'],
  overlap: ['zip-overlap', 'Members overlap'],
  overlapping: ['ambiguous', 'Members overlap'],
  prepended: ['ambiguous', 'Content before the first record'],
  appended: ['ambiguous', 'Content behind the last record'],
  gaps: ['ambiguous', 'Content between the records'],
  checksum: ['zip-checksum', 'The checksum of what came out is not the declared one'],
  size: ['zip-size', 'The size of what came out is not the declared one'],
  trailing: ['ambiguous', 'Content behind the end of compressed data'],
} as const
export type Difference = keyof typeof DIFFERENCES

interface Tally {
  count: number
  readonly first: number
}

/** How often each difference occurs, and the offset of its first occurrence. */
export class Differences {
  readonly #tallies = new Map<Difference, Tally>()

  note(difference: Difference, offset: number): void {
    const tally = this.#tallies.get(difference)
    if (tally === undefined) this.#tallies.set(difference, { count: 1, first: offset })
    else tally.count++
  }

  has(difference: Difference): boolean {
    return this.#tallies.has(difference)
  }

  *all(): Generator<{ readonly difference: Difference; readonly count: number; readonly first: number }> {
    for (const [difference, { count, first }] of this.#tallies) yield { difference, count, first }
  }
}
