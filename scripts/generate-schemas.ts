// Writes everything that is generated from the report model: node scripts/generate-schemas.ts
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { generatedFiles } from '../src/report/schema/index.ts'

const root = join(import.meta.dirname, '..')
for (const { path, content } of generatedFiles) {
  const file = join(root, path)
  const current = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const wanted = content(current)
  if (wanted === current) continue
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, wanted)
  console.log(`wrote ${path}`)
}
