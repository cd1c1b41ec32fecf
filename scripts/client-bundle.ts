import { build } from 'esbuild'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Most bytes that the compact client may have. */
export const MAX_CLIENT_BYTES = 64 * 1024

/** The compact client as one minified module that needs nothing but the run-time's own modules. */
export const bundleClient = async (): Promise<Uint8Array> => {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: ['src/client/main.ts'],
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    minify: true,
    legalComments: 'none',
    write: false,
    logLevel: 'warning',
  })
  const [{ contents }] = outputFiles
  if (contents.length > MAX_CLIENT_BYTES) {
    throw new Error(`the compact client has ${contents.length} bytes; at most ${MAX_CLIENT_BYTES} are allowed`)
  }
  return contents
}
