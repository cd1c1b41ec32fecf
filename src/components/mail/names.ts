import { visible } from '../../report/index.ts'
import type { Leaf } from '../../formats/index.ts'

/** Endings for parts without a name. */
const ENDINGS: Readonly<Record<string, string>> = {
  'text/plain': 'txt',
  'text/html': 'html',
  'text/calendar': 'ics',
  'text/xml': 'xml',
  'application/xml': 'xml',
  'application/pdf': 'pdf',
  'application/zip': 'zip',
  'application/ms-tnef': 'dat',
  'application/rtf': 'rtf',
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/gif': 'gif',
  'image/svg+xml': 'svg',
  'message/rfc822': 'eml',
  'message/delivery-status': 'txt',
}

/** Name of a part: its own, or `part-3.html`. */
export function nameOf({ entity, kind }: Leaf, number: number): string {
  if (kind !== 'part') return `${kind}-${number}.txt`
  const [type = 'text/plain'] = entity.types
  const ending = Object.hasOwn(ENDINGS, type) ? ENDINGS[type] : type.startsWith('text/') ? 'txt' : 'bin'
  return entity.names[0] ?? `part-${number}.${ending}`
}

const MAX_VALUE_CHARS = 1000

/** For people: nothing that moves the cursor, and not too long. */
export const shown = (text: string): string => {
  const clipped = text.length > MAX_VALUE_CHARS ? `${text.slice(0, MAX_VALUE_CHARS)}…` : text
  return visible(clipped)
}
