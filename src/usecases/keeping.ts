import type { Parts } from './parts.ts'

// Between vault and ledger. The vault holds it before the ledger says so, and the ledger no longer says so before it goes.

type Places = Pick<Parts, 'ledger' | 'vault'>

export async function keepIntake({ ledger, vault }: Places, intake: string, sha256: string): Promise<void> {
  await vault.keep(intake, sha256)
  await ledger.setKept(sha256, true)
}

/** Deletes from the vault what the ledger has given up. */
export async function dropContents(
  { vault }: Places,
  { contents, intakes }: { readonly contents: readonly string[]; readonly intakes: readonly string[] },
): Promise<void> {
  for (const sha256 of contents) await vault.delete(sha256)
  for (const intake of intakes) await vault.discard(intake)
}
