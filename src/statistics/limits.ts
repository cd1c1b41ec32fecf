// Words of the statistics, apart from their schema: this file loads nothing.

/** Version of the model of statistics, `major.minor`; a minor version only adds members. */
export const STATISTICS_VERSION = '1.0'

/** Lengths of time that a timeline can be cut into; weeks begin on Monday, all in UTC (ISO 8601). */
export const INTERVALS = ['hour', 'day', 'week'] as const
export type Interval = (typeof INTERVALS)[number]

/** Formats in which statistics can be written, by the names they have on command lines. */
export const STATISTICS_FORMATS = ['text', 'json', 'csv', 'html'] as const
export type StatisticsFormat = (typeof STATISTICS_FORMATS)[number]
