import type { Page, PageRequest } from '../nouns.ts'
import type { SignatureDatabase, SignatureEntry } from '../use-cases.ts'

// What use cases ask of the scanner beyond Scanner of scan/.

/** The signatures of the database in use. */
export interface SignatureCatalogue {
  databases(): Promise<readonly SignatureDatabase[]>
  search(text: string, page: PageRequest): Promise<Page<SignatureEntry>>
  named(name: string): Promise<readonly SignatureEntry[]>
}

/** Takes an artifact out of its submission again; only the root needs no extraction. */
export interface ArtifactOpener {
  /** Undefined: it cannot be had any more. */
  open(
    root: AsyncIterable<Uint8Array>,
    path: string,
  ): Promise<{ readonly sizeBytes: number; readonly stream: AsyncIterable<Uint8Array> } | undefined>
}
