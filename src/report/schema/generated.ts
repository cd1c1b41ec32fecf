import { reportJsonSchema, resultsJsonSchema } from './json-schema.ts'
import { withReference } from './reference.ts'
import { shapesSource } from './tables.ts'
import { xsd } from './xsd.ts'

// Everything that is generated from the model.

interface GeneratedFile {
  /** Path from the root of the package. */
  readonly path: string
  /** The content it must have, from the content it has; only the documentation looks at that. */
  readonly content: (current: string) => string
}

/** Every file that is generated from the model. */
export const generatedFiles: readonly GeneratedFile[] = [
  { path: 'src/report/shapes.generated.ts', content: shapesSource },
  { path: 'docs/schemas/report-1.schema.json', content: reportJsonSchema },
  { path: 'docs/schemas/results-1.schema.json', content: resultsJsonSchema },
  { path: 'docs/schemas/report-1.xsd', content: xsd },
  { path: 'docs/report.md', content: withReference },
]
