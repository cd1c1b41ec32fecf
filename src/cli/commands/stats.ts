import { readFile, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { MAX_DOCUMENT_CHARS, readResults, ReportError, type Results } from '../../report/index.ts'
import {
  collectStatistics,
  STATISTICS_FORMATS,
  writeStatistics,
  type StatisticsFormat,
} from '../../statistics/index.ts'
import { EXIT } from '../commands.ts'
import type { Context, Run } from '../commands.ts'
import { CliError, detailOf, renderError } from '../errors.ts'
import { writerTo } from '../output.ts'

/** UTF-8 needs at most three bytes for each UTF-16 code unit. */
const MAX_DOCUMENT_BYTES = 3 * MAX_DOCUMENT_CHARS

/** `lazaret stats`: what result files say together. One file is in memory at a time; a bad one costs only itself. */
export const stats: Run = async context => {
  const { settings, operands, stdout, stderr } = context
  const format = formatOf(context)
  const builder = collectStatistics({
    interval: settings.by,
    top: settings.top,
    ...(settings.since === undefined ? {} : { fromMs: settings.since }),
    ...(settings.until === undefined ? {} : { toMs: settings.until }),
  })
  let failed = false
  for (const path of operands) {
    try {
      const { reports, errors } = await readFileOfResults(path)
      for (const report of reports) builder.report(report, basename(path))
      for (const error of errors) builder.error(error)
    } catch (error) {
      if (!(error instanceof CliError)) throw error
      failed = true
      stderr.write(renderError(error))
    }
  }
  await writerTo(stdout)(writeStatistics(format, builder.statistics()))
  return failed ? EXIT.failed : EXIT.clean
}

function formatOf({ settings }: Context): StatisticsFormat {
  const format = settings.json ? 'json' : settings.format
  // From the environment or a configuration file come formats of results, too.
  const known = STATISTICS_FORMATS.find(name => name === format)
  if (known !== undefined) return known
  const expected = `one of ${STATISTICS_FORMATS.join(', ')}`
  throw new CliError('bad-value', { what: '--format', value: format, expected })
}

/** @throws CliError `file-unreadable`, `not-results` */
async function readFileOfResults(path: string): Promise<Results> {
  let bytes: Uint8Array
  try {
    const { size } = await stat(path)
    if (size > MAX_DOCUMENT_BYTES) throw new Error(`it is longer than ${MAX_DOCUMENT_BYTES} bytes`)
    bytes = await readFile(path)
  } catch (error) {
    throw new CliError('file-unreadable', { what: path, detail: detailOf(error) }, { cause: error })
  }
  try {
    return readResults(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    if (!(error instanceof ReportError || error instanceof TypeError)) throw error
    throw new CliError('not-results', { what: path, detail: error.message }, { cause: error })
  }
}
