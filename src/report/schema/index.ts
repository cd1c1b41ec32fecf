// The schemas themselves, for whoever needs typebox at run time or generates from them: the server, scripts, tests.
// What only reads and writes reports takes ../index.ts, which has no dependency.
export { ReportSchema, ResultsSchema } from '../model.ts'
export { generatedFiles } from './generated.ts'
