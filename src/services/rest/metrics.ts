import type { Metric } from '../../usecases/index.ts'

// The text format of Prometheus, version 0.0.4, and what this door measures of itself.

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'
const BUCKETS_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300]

const labelText = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')

export function metricsText(metrics: readonly Metric[]): string {
  const lines: string[] = []
  for (const { name, help, type, samples } of metrics) {
    lines.push(`# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}`, `# TYPE ${name} ${type}`)
    for (const { suffix = '', labels, value } of samples) {
      const pairs = Object.entries(labels).map(([key, text]) => `${key}="${labelText(text)}"`)
      lines.push(`${name}${suffix}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`)
    }
  }
  return `${lines.join('\n')}\n`
}

interface Timing {
  readonly buckets: number[]
  count: number
  sum: number
}

/** Requests by operation and status, and how long they took. Both are few: operations come from the route table. */
export class RequestMetrics {
  readonly #counts = new Map<string, Map<number, number>>()
  readonly #timings = new Map<string, Timing>()
  bytesReceived = 0

  add(operation: string, status: number, seconds: number): void {
    const counts = this.#counts.get(operation) ?? new Map<number, number>()
    this.#counts.set(operation, counts.set(status, (counts.get(status) ?? 0) + 1))
    const timing = this.#timings.get(operation) ?? { buckets: BUCKETS_SECONDS.map(() => 0), count: 0, sum: 0 }
    this.#timings.set(operation, timing)
    timing.count++
    timing.sum += seconds
    const bucket = BUCKETS_SECONDS.findIndex(bound => seconds <= bound)
    if (bucket >= 0) timing.buckets[bucket]++
  }

  metrics(): Metric[] {
    const requests = [...this.#counts].flatMap(([operation, counts]) =>
      [...counts].map(([status, value]) => ({ labels: { operation, status: String(status) }, value })),
    )
    return [
      { name: 'lazaret_http_requests_total', help: 'Requests answered', type: 'counter', samples: requests },
      {
        name: 'lazaret_http_request_seconds',
        help: 'From the headers of a request to the end of its answer',
        type: 'histogram',
        samples: [...this.#timings].flatMap(([operation, timing]) => histogram(operation, timing)),
      },
      {
        name: 'lazaret_http_received_bytes_total',
        help: 'Content received by HTTP',
        type: 'counter',
        samples: [{ labels: {}, value: this.bytesReceived }],
      },
    ]
  }
}

function histogram(operation: string, { buckets, count, sum }: Timing): Metric['samples'] {
  let below = 0
  const rows = BUCKETS_SECONDS.map((bound, index) => {
    below += buckets[index]
    return { suffix: '_bucket', labels: { operation, le: String(bound) }, value: below }
  })
  return [
    ...rows,
    { suffix: '_bucket', labels: { operation, le: '+Inf' }, value: count },
    { suffix: '_sum', labels: { operation }, value: sum },
    { suffix: '_count', labels: { operation }, value: count },
  ]
}
