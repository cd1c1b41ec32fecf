import { HttpError } from './problems.ts'

// Content negotiation (RFC 9110, section 12.5.1).

/** Ranges that are looked at; a longer list is cut. */
const MAX_RANGES = 32

interface Range {
  readonly type: string
  readonly subtype: string
  readonly quality: number
}

/** The ranges of an Accept header. What cannot be read is left out. */
function rangesOf(header: string): Range[] {
  return header
    .split(',', MAX_RANGES)
    .map(part => part.trim().split(';'))
    .flatMap(([range, ...parameters]) => {
      const [type, subtype, more] = range.trim().toLowerCase().split('/')
      if (subtype === undefined || more !== undefined) return []
      const weight = parameters.map(text => text.trim().toLowerCase()).find(text => text.startsWith('q='))
      const quality = weight === undefined ? 1 : Number(weight.slice(2))
      return Number.isFinite(quality) ? [{ type, subtype, quality: Math.max(0, Math.min(1, quality)) }] : []
    })
}

/** How much a client wants a media type: the most specific range that fits decides. */
function qualityOf(ranges: readonly Range[], mediaType: string): number {
  const [type, subtype] = mediaType.split(';')[0].split('/')
  let best = { quality: 0, exactness: -1 }
  for (const range of ranges) {
    const fits = (range.type === '*' || range.type === type) && (range.subtype === '*' || range.subtype === subtype)
    const exactness = (range.type === '*' ? 0 : 1) + (range.subtype === '*' ? 0 : 2)
    if (fits && exactness > best.exactness) best = { quality: range.quality, exactness }
  }
  return best.quality
}

/**
 * Chooses what the client wants most; among equals the first on offer.
 * @throws HttpError not-acceptable
 */
export function negotiate<T extends string>(accept: string | undefined, offers: readonly (readonly [T, string])[]): T {
  if (accept === undefined || accept.trim() === '') return offers[0][0]
  const ranges = rangesOf(accept)
  let chosen: T | undefined
  let most = 0
  for (const [name, mediaType] of offers) {
    const quality = qualityOf(ranges, mediaType)
    if (quality > most) [chosen, most] = [name, quality]
  }
  if (chosen !== undefined) return chosen
  throw new HttpError('not-acceptable', [...new Set(offers.map(([, mediaType]) => mediaType))].join(', '))
}
