import { join } from 'node:path'
import { run } from '../../bench/lib/run.ts'
import { LAZARET } from '../../bench/lib/servers.ts'
import type { Results } from '../../src/report/index.ts'
import { clamscan, type ScanOutcome } from './clamscan.ts'

/** Scans a folder with a database folder. */
export type FolderScanner = (database: string, folder: string) => Promise<ScanOutcome>

/**
 * clamscan on raw content: with `--normalize=no` HTML signatures see the file as it is. Signatures for text (target 7)
 * exist for it only on normalised content, so that they are judged with normalisation.
 */
export const peerRaw: FolderScanner = (database, folder) => clamscan(database, folder, ['--normalize=no'])
export const peerNormalised: FolderScanner = (database, folder) => clamscan(database, folder)

/** clamscan told to look at no structure inside files; shows whether a difference comes from there. */
export const peerShallow: FolderScanner = (database, folder) =>
  clamscan(database, folder, [
    '--normalize=no',
    ...['archive', 'ole2', 'pdf', 'swf', 'html', 'mail', 'xmldocs', 'hwp3', 'onenote', 'image'].map(
      part => `--scan-${part}=no`,
    ),
  ])

/** The built command line of Lazaret, in one process, on a folder. */
export const lazaret: FolderScanner = async (database, folder) => {
  const options = ['scan', folder, '--local', '--db', database, '--format', 'json', '--all-matches']
  const { stdout, stderr, code } = await run(process.execPath, [
    LAZARET,
    ...options,
    '--data',
    join(folder, '..', 'data'),
  ])
  if (stdout === '') throw new Error(`lazaret scan ended with ${code}: ${stderr}`)
  const results = JSON.parse(stdout) as Results
  const names = new Map<string, string[]>()
  for (const report of results.reports) {
    const found = report.artifacts.flatMap(artifact => artifact.detections.map(detection => detection.name))
    const plain = new Set(found.map(name => name.replace(/\.UNOFFICIAL$/, '')))
    if (plain.size > 0) names.set(report.name, [...plain].sort())
  }
  const log = results.errors.map(error => `${error.name}: ${error.message}`).join('\n')
  return { names, refused: false, log: log + stderr }
}
