// Entries of processes and threads lie beside each other: as sources in src/runtime/, as bundles in dist/.

/**
 * The module that lies beside another one.
 * @param base - import.meta.url of that one
 * @param name - name of the module without extension, as a source and as a bundle
 */
export const siblingModule = (base: string, name: { readonly source: string; readonly bundle: string }): URL =>
  base.endsWith('.ts') ? new URL(`${name.source}.ts`, base) : new URL(`${name.bundle}.js`, base)
