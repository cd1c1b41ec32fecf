export { collectStatistics, type StatisticsBuilder, type StatisticsOptions } from './collect.ts'
export { STATISTICS_MEDIA_TYPES, writeStatistics } from './write.ts'
export { INTERVALS, STATISTICS_FORMATS, type Interval, type StatisticsFormat } from './limits.ts'
export { StatisticsSchema, type Statistics } from './model.ts'
