// A small server around the use cases, to be killed: real ledger, real vault, a scanner that decides by the content.
// usage: kill-server.js STORE DATA SOCKET. Loads first, then begins at a line on standard input, and says `ready`.

import { createServer } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { openDatabase, openLedger, openVault, vaultKeyFile } from '../../src/store/index.ts'
import { createUseCases, USE_CASE_LIMITS, type KeepRule } from '../../src/usecases/index.ts'
import { systemClock } from '../../src/store/host.ts'
import { principal, testParts } from '../../src/usecases/testing/parts.ts'

const [store, data, socket] = process.argv.slice(2)
const admin = principal('administrator')

await new Promise(resolve => process.stdin.once('data', resolve))
const ledger = await openLedger(await openDatabase(store))
const vault = await openVault({ place: join(data, 'vault'), keyFile: vaultKeyFile(data), owner: true })
const { useCases } = await createUseCases({
  ...testParts(ledger, { clock: systemClock }),
  vault,
  log: line => console.error(line),
  // Being killed is no fault of the content here, and a job is taken up again soon.
  limits: { ...USE_CASE_LIMITS, maxAttempts: 1000, leaseMs: 500 },
})

async function answer(request: IncomingMessage): Promise<unknown> {
  const url = new URL(request.url ?? '', 'http://localhost')
  const query = Object.fromEntries(url.searchParams)
  switch (url.pathname) {
    case '/submit':
      return (await useCases.submit(admin, inputOf(query, await text(request)))).scan
    case '/scan':
      return (await useCases.scan(admin, inputOf(query, await text(request)))).scan
    case '/get':
      return useCases.getScan(admin, { id: query.id })
    case '/report':
      return (await useCases.getReport(admin, { id: query.id })).report
    case '/queue':
      return useCases.getQueue(admin)
    case '/kept':
      return vault.has(query.sha256)
    case '/total':
      return (await useCases.getStatistics(admin, { unit: 'total' })).total
    default:
      return ledger.counts()
  }
}

const inputOf = ({ name, key, keep }: Readonly<Record<string, string>>, content: string) => ({
  name,
  idempotencyKey: key,
  content: { bytes: Buffer.from(content) },
  options: { keep: keep as KeepRule, reuse: false },
})

const server = createServer((request, response) => {
  answer(request).then(
    result => response.end(JSON.stringify(result)),
    (error: unknown) => {
      response.statusCode = 500
      response.end(String(error))
    },
  )
})
server.listen(socket, () => process.stdout.write('ready\n'))
