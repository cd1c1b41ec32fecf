// What the readers of executables tell the matcher, and what a type is. Shared by every format in this layer.

/** One content type of the table in identify/. */
export interface FileType {
  /** Stable short name in reports: pe, elf, zip, html, text, data … */
  readonly name: string
  /** ClamAV's type name, for Container and Intermediates: CL_TYPE_MSEXE … */
  readonly clamType: string
  /** ClamAV's target number whose signatures apply beside those of target 0; 0 where only those apply. */
  readonly target: number
  /** Media type. */
  readonly mime: string
  readonly description: string
  /** True where content lies inside that raw matching does not see: archives, compressed files, mail, documents. */
  readonly container: boolean
}

/** One section in file terms; offsets and sizes in bytes. Where `rawSize` is not 0, PE sections lie inside the file. */
export interface Section {
  /** As in the file, one character per byte, without trailing NUL; data from outside, not safe to print. */
  readonly name: string
  readonly rawOffset: number
  /** PE: also the size of the bytes that ClamAV hashes for .mdb; 0 where there is nothing to hash. */
  readonly rawSize: number
  readonly virtualAddress: number
  readonly virtualSize: number
}

/** Something in a header that a sound file does not have; for a scanner "malformed" is a signal. */
export interface Anomaly {
  /** Stable short code. */
  readonly code: string
  readonly detail: string
  readonly offset?: number
}

/**
 * What offsets such as EP+n, Sx+n, SEx, SL+n and VI need, as ClamAV computes them. It borrows the content it was read
 * from: lazy members read it when they are first asked for.
 */
export interface ExecutableLayout {
  readonly format: 'pe' | 'elf' | 'macho'
  readonly is64: boolean
  /** File offset of the entry point, or -1 where EP+n never matches. */
  readonly entryPoint: number
  /** In the order of the section table, which is the order Sx counts in. */
  readonly sections: readonly Section[]
  /** PE: file offsets of the String structures' keys in version information; read on first use. */
  readonly versionInfoOffsets: readonly number[]
  readonly anomalies: readonly Anomaly[]
}
