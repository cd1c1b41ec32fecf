import type { Runtime } from './parts.ts'
import type { Delivery } from './ports/ledger.ts'

// Webhooks. The ledger holds what is to be sent from the moment that a scan has ended; here it is signed, sent, tried
// again and given up. A receiver may hear of one scan twice, and tells by `lazaret-delivery`.

const LEASE_MS = 60_000
const AT_ONCE = 16
const MAX_DELIVERIES_TRIED = 8
const FIRST_BACKOFF_MS = 10_000
const MAX_ERROR_CHARS = 500

/** Sends what is due. @returns whether there may be more */
export async function deliver(runtime: Runtime): Promise<boolean> {
  const { ledger, clock, worker, sender } = runtime
  if (sender === undefined) return false
  const due = await ledger.leaseDeliveries({ worker, nowMs: clock.now(), leaseMs: LEASE_MS, limit: AT_ONCE })
  await Promise.all(due.map(delivery => send(runtime, delivery)))
  return due.length === AT_ONCE
}

async function send(runtime: Runtime, delivery: Delivery): Promise<void> {
  const { ledger, clock, sender, log } = runtime
  const { headers, body } = webhookOf(runtime, delivery)
  let error: string
  try {
    const status = (await sender?.post(delivery.url, headers, body)) ?? 0
    if (status >= 200 && status < 300) {
      await ledger.settleDelivery(delivery.id, { sent: true })
      return
    }
    error = `HTTP ${status}`
  } catch (cause) {
    error = (cause instanceof Error ? cause.message : String(cause)).slice(0, MAX_ERROR_CHARS)
  }
  const nowMs = clock.now()
  const isLast = delivery.attempt >= MAX_DELIVERIES_TRIED
  if (isLast) log(`webhook for ${delivery.record.id} given up after ${delivery.attempt} attempts: ${error}`)
  const againAtMs = nowMs + FIRST_BACKOFF_MS * 2 ** (delivery.attempt - 1)
  await ledger.settleDelivery(delivery.id, { sent: false, error, nowMs, ...(isLast ? {} : { againAtMs }) })
}

/** The signature covers time and body, so that neither can be changed and no old one sent again unnoticed. */
function webhookOf({ clock, hashes, notifyKey }: Runtime, { id, record, secret }: Delivery) {
  const body = JSON.stringify({ event: record.state, scan: record })
  const timestamp = String(Math.floor(clock.now() / 1000))
  return {
    body,
    headers: {
      'content-type': 'application/json',
      'lazaret-event': record.state,
      'lazaret-delivery': id,
      'lazaret-timestamp': timestamp,
      'lazaret-signature': `sha256=${hashes.hmac(secret ?? notifyKey, `${timestamp}.${body}`)}`,
    },
  }
}
