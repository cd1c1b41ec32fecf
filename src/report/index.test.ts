import { buildSync } from 'esbuild'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import * as surface from './index.ts'

describe('the layer', () => {
  test('exports this and nothing else at run time', () => {
    expect(Object.keys(surface).sort()).toMatchInlineSnapshot(`
      [
        "CSV_COLUMNS",
        "DETECTION_KINDS",
        "FORMATS",
        "MAX_DOCUMENT_CHARS",
        "MEDIA_TYPES",
        "REASONS",
        "RELATIONS",
        "REPORT_VERSION",
        "ReportError",
        "SEVERITIES",
        "VERDICTS",
        "XML_NAMESPACE",
        "addSummaries",
        "checkReport",
        "createSummary",
        "createWriter",
        "csvLine",
        "escapeMarkup",
        "isFinding",
        "readReportJson",
        "readReportXml",
        "readResults",
        "readResultsJson",
        "readResultsXml",
        "sectionReport",
        "strongest",
        "verdictOf",
        "verdictOfSeverity",
        "verdictsOf",
        "visible",
        "writeReportJson",
        "writeReportXml",
        "writeResultsJson",
        "writeResultsXml",
      ]
    `)
  })

  test('is small and has no dependency at run time', () => {
    const { metafile, outputFiles } = buildSync({
      entryPoints: [join(import.meta.dirname, 'index.ts')],
      bundle: true,
      minify: true,
      format: 'esm',
      metafile: true,
      write: false,
    })
    expect(
      Object.keys(metafile.inputs).filter(path => path.includes('node_modules') || path.includes('schema/')),
    ).toEqual([])
    expect(Object.values(metafile.inputs).flatMap(({ imports }) => imports.filter(({ external }) => external))).toEqual(
      [],
    )
    expect(outputFiles[0].contents.length).toBeLessThan(24_000)
  })
})
