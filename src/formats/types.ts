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

/** One section or segment in file terms; offsets and sizes in bytes, clipped to the file. */
export interface Section {
  readonly name: string
  readonly rawOffset: number
  readonly rawSize: number
  readonly virtualAddress: number
  readonly virtualSize: number
}

/** What offsets such as EP+n, Sx+n, SEx, SL+n and VI need, as ClamAV computes them. */
export interface ExecutableLayout {
  readonly format: 'pe' | 'elf' | 'macho'
  readonly is64: boolean
  /** File offset of the entry point, or -1. */
  readonly entryPoint: number
  readonly sections: readonly Section[]
  /** PE: offsets of the String structures' keys in version information. */
  readonly versionInfoOffsets: readonly number[]
  /** PE: raw bytes [offset, size] of each section as ClamAV hashes them for .mdb. */
  readonly anomalies: readonly { readonly code: string; readonly detail: string; readonly offset?: number }[]
}
