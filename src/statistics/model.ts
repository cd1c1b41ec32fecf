import { Type, type Static, type TSchema } from 'typebox'
import { VERDICTS, type Verdict } from '../report/index.ts'
import { INTERVALS } from './limits.ts'

// What many reports say together. The same model whether it was counted from result files or in a database.

const count = (description: string) => Type.Integer({ minimum: 0, description })
const amount = (description: string) => Type.Number({ minimum: 0, description })
const text = (description: string) => Type.String({ description })
const row = <T extends Record<string, TSchema>>(members: T) => Type.Object(members, { additionalProperties: false })

const files = count('Submissions')
const bytes = count('Sum of the sizes of submissions')
const verdictCounts = Object.fromEntries(VERDICTS.map(verdict => [verdict, files])) as Record<Verdict, typeof files>

/** A list of which only the most frequent are named. */
const ranking = <T extends TSchema>(item: T, description: string) =>
  Type.Object(
    {
      rows: Type.Array(item, { description: 'The most frequent ones, the most frequent first' }),
      others: count('How many further ones there are'),
    },
    { description },
  )

export const StatisticsSchema = Type.Object(
  {
    version: Type.String({ pattern: '^1\\.[0-9]{1,9}$', description: 'Version of this model' }),
    interval: Type.Enum([...INTERVALS], { description: 'What the timeline is cut into' }),
    from: Type.Optional(text('Start of the first scan, ISO 8601 UTC')),
    to: Type.Optional(text('Start of the last scan, ISO 8601 UTC')),
    totals: row({
      files,
      bytes,
      bytesScanned: count('Bytes matched, over all artifacts'),
      artifacts: count('Artifacts: submissions and everything found in them'),
      errors: count('Submissions that could not be scanned at all'),
      elapsedMs: amount('Sum of the wall times of all scans, in milliseconds'),
      bytesPerSecond: amount('Bytes of submissions for each second of scanning'),
    }),
    verdicts: Type.Array(row({ verdict: Type.Enum([...VERDICTS]), files, bytes }), { description: 'By verdict' }),
    detections: ranking(
      row({ name: text('Name of the signature'), kind: text('Kind of detection'), files }),
      'By signature; a submission counts once for each of its signatures',
    ),
    types: ranking(
      row({
        type: text('Type from the content'),
        files,
        artifacts: count('Artifacts of this type, submissions among them'),
        bytes: count('Sum of the sizes of these artifacts'),
        findings: count('Artifacts of this type in which something matched'),
      }),
      'By type of content',
    ),
    packers: ranking(row({ name: text('Packer'), artifacts: count('Artifacts') }), 'By packer of programs'),
    notSeen: Type.Array(
      row({ reason: text('Why'), times: count('How often'), files, bytes: count('Bytes, where known') }),
      { description: 'What was not looked at to the end, by reason' },
    ),
    notSeenTypes: ranking(
      row({ type: text('Type of the artifact'), reason: text('Why'), times: count('How often') }),
      'What was not looked at to the end, by type and reason',
    ),
    errors: ranking(row({ code: text('Error code'), times: count('How often') }), 'Submissions without a report'),
    sizes: Type.Array(row({ upTo: Type.Optional(count('Largest size of this class in bytes')), files }), {
      description: 'Submissions by size',
    }),
    times: Type.Array(row({ upToMs: Type.Optional(amount('Longest time of this class in milliseconds')), files }), {
      description: 'Submissions by the wall time of their scan',
    }),
    quantiles: row({
      medianMs: amount('Half of all scans took no longer'),
      p90Ms: amount('Nine of ten scans took no longer'),
      p99Ms: amount('All but one of a hundred scans took no longer'),
    }),
    timeline: Type.Array(row({ start: text('Start of the interval, ISO 8601 UTC'), files, bytes, ...verdictCounts }), {
      description: 'By time of the start; intervals without any scan are left out',
    }),
    sources: ranking(row({ source: text('Where the scans come from'), files, bytes, ...verdictCounts }), 'By source'),
  },
  {
    $id: 'urn:lazaret:statistics:1',
    title: 'Lazaret statistics',
    description: 'What many reports say together',
  },
)

export type Statistics = Static<typeof StatisticsSchema>
