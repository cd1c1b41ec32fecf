import { statisticsCsv } from './csv.ts'
import { statisticsHtml } from './html.ts'
import type { StatisticsFormat } from './limits.ts'
import type { Statistics } from './model.ts'
import { statisticsText } from './text.ts'

// One interface over every format of statistics.

const WRITERS: Readonly<Record<StatisticsFormat, (statistics: Statistics) => string>> = {
  text: statisticsText,
  json: statistics => `${JSON.stringify(statistics, undefined, 2)}\n`,
  csv: statisticsCsv,
  html: statisticsHtml,
}

/** Media types for content negotiation. */
export const STATISTICS_MEDIA_TYPES: Readonly<Record<StatisticsFormat, string>> = {
  text: 'text/plain; charset=utf-8',
  json: 'application/json',
  csv: 'text/csv; charset=utf-8; header=present',
  html: 'text/html; charset=utf-8',
}

/** Statistics in one format, whole. */
export const writeStatistics = (format: StatisticsFormat, statistics: Statistics): string => WRITERS[format](statistics)
