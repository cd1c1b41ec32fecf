// Writes the table of manifests from the components: node scripts/generate-manifests.ts
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { allManifests } from '../src/components/testing/manifests.ts'

const root = join(import.meta.dirname, '..')
const path = join(root, 'src/components/manifests.generated.ts')
const rows = allManifests().map(manifest => `  ${JSON.stringify(manifest)},\n`)
writeFileSync(
  path,
  `// Generated from the components by scripts/generate-manifests.ts; do not edit.
import type { ComponentManifest } from '../scan/index.ts'

/** Every component's manifest, in the order in which those of one stage are run. */
export const MANIFESTS: readonly ComponentManifest[] = [
${rows.join('')}]
`,
)
execFileSync(join(root, 'node_modules/.bin/oxfmt'), [path], { stdio: 'inherit' })
