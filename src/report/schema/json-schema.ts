import { ReportSchema, ResultsSchema } from '../model.ts'

// The published JSON Schemas.

const DIALECT = 'https://json-schema.org/draft/2020-12/schema'

/** JSON Schema of one report, as a document. */
export const reportJsonSchema = (): string => document(ReportSchema)

/** JSON Schema of results, as a document that stands alone: the schema of a report is in it, without its own id. */
export function resultsJsonSchema(): string {
  const { properties, ...rest } = ResultsSchema
  const report = { ...ReportSchema, $id: undefined }
  return document({ ...rest, properties: { ...properties, reports: { ...properties.reports, items: report } } })
}

function document(schema: object): string {
  const { $id, title, description, ...rest } = schema as Record<string, unknown>
  return JSON.stringify({ $schema: DIALECT, $id, title, description, ...rest }, undefined, 2) + '\n'
}
