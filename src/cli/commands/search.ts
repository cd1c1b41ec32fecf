import { openLedger, systemClock, systemHashes } from '../../store/index.ts'
import { createQueries, UseCaseError } from '../../usecases/index.ts'
import type { Principal, ScanRecord, UseCaseName } from '../../usecases/index.ts'
import { visible } from '../../report/index.ts'
import { EXIT } from '../commands.ts'
import type { Run } from '../commands.ts'
import { CliError } from '../errors.ts'
import { existingDatabase } from '../ledger.ts'
import { jsonText } from '../output.ts'
import { bytesText } from '../progress.ts'

// `lazaret search`: whoever can read the files of the ledger may ask it, without a server.

export const SEARCH_SERVES = ['search'] as const satisfies readonly UseCaseName[]

const owner: Principal = { account: 'local', name: 'local', role: 'administrator', address: '', door: 'cli' }

export const search: Run = async ({ settings, operands, stdout }) => {
  const ledger = await openLedger(await existingDatabase(settings))
  try {
    const queries = createQueries({
      ledger,
      clock: systemClock,
      hashes: systemHashes,
      audit: { record: () => Promise.resolve() },
      log: () => {},
    })
    const { items } = await queries.search(owner, { query: operands.join(' '), limit: settings.limit })
    stdout.write(settings.json ? jsonText({ scans: items }) : items.map(lineOf).join(''))
    return EXIT.clean
  } catch (error) {
    if (!(error instanceof UseCaseError)) throw error
    throw new CliError('query-refused', { detail: error.message }, { cause: error })
  } finally {
    await ledger.close()
  }
}

/** Time, verdict or state, size, what was found, name, id. */
function lineOf({ submittedAtMs, verdict, state, sizeBytes, detections, name, id }: ScanRecord): string {
  const cells = [
    new Date(submittedAtMs).toISOString(),
    (verdict ?? state).padEnd(11),
    bytesText(sizeBytes).padStart(9),
    id,
    visible(name),
    ...detections.map(visible),
  ]
  return `${cells.join('  ')}\n`
}
