import { PassThrough } from 'node:stream'
import { SCAN_STATES, isFinal, type ScanState, type ScanUpdate } from '../../usecases/index.ts'
import { HttpError } from './problems.ts'
import type { Call } from './route.ts'

// Server-sent events (HTML Living Standard, section 9.2). An id is the state of the scan and a number within it, so
// that a client that comes back with Last-Event-ID is not told again what it knows.

const open = new WeakMap<object, number>()

/** How far a scan is: queued 0, running 1, ended 2. */
const rankOf = (state: ScanState): number => Math.min(SCAN_STATES.indexOf(state), 2)
const rankOfId = (id: unknown): number => (typeof id === 'string' && /^[012]\.\d{1,9}$/.test(id) ? Number(id[0]) : -1)

const block = (id: string, { event, ...data }: ScanUpdate): string =>
  `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`

export async function sendEvents(call: Call<{ readonly id: string }>): Promise<unknown> {
  const { useCases, principal, params, reply, request, signal, door } = call
  const told = rankOfId(request.headers['last-event-id'])
  // The first word decides whether there is such a scan; afterwards there can be no other status.
  const updates = useCases.watchScan(principal, { ...params, signal })[Symbol.asyncIterator]()
  const first = await updates.next()
  if (first.done === true) return reply.code(204).send()
  if (told === 2 && 'scan' in first.value && isFinal(first.value.scan.state)) {
    await updates.return?.()
    return reply.code(204).send()
  }
  const streams = open.get(door) ?? 0
  if (streams >= door.limits.maxStreams) {
    await updates.return?.()
    throw new HttpError('too-many-streams', undefined, { 'retry-after': '5' })
  }
  open.set(door, streams + 1)
  const output = new PassThrough({ highWaterMark: 64 * 1024 })
  const heartbeat = setInterval(() => output.write(': heartbeat\n\n'), door.limits.heartbeatMs)
  const end = (): void => {
    clearInterval(heartbeat)
    output.end()
    open.set(door, (open.get(door) ?? 1) - 1)
  }
  void pour(first.value, updates, told, output).then(end, end)
  return reply.headers({ 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' }).send(output)
} // prettier-ignore

async function pour(first: ScanUpdate, rest: AsyncIterator<ScanUpdate>, told: number, output: PassThrough): Promise<void> {
  let rank = 0
  let number = 0
  output.write('retry: 2000\n\n')
  for (let update = first; ; ) {
    if ('scan' in update) {
      rank = rankOf(update.scan.state)
      number = 0
    }
    const isNews = !('scan' in update) || rank > told
    if (isNews && !output.write(block(`${rank}.${number}`, update))) await drained(output)
    number++
    const step = await rest.next()
    if (step.done === true || output.destroyed) return
    update = step.value
  }
} // prettier-ignore

const drained = (output: PassThrough): Promise<void> =>
  new Promise(resolve => {
    output.once('drain', resolve)
    output.once('close', resolve)
  })
