import { UseCaseError } from './errors.ts'
import { MAX_PAGE, type Page, type PageRequest } from './nouns.ts'

// Pages by the key of the last item. A cursor is that key, wrapped so that nobody builds one by hand.

const DEFAULT_PAGE = 50
const MAX_CURSOR_CHARS = 1024

/** @throws UseCaseError invalid-input */
export function limitOf({ limit = DEFAULT_PAGE }: PageRequest): number {
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE)
    throw new UseCaseError('invalid-input', { detail: `limit must be from 1 to ${MAX_PAGE}`, where: '/limit' })
  return limit
}

/**
 * One page of a list. One item more than asked for is read, so that the last page says that it is the last.
 * @param load - items after a key, in order
 */
export async function page<T>(
  request: PageRequest,
  load: (after: string | undefined, limit: number) => Promise<readonly T[]>,
  keyOf: (item: T) => string,
): Promise<Page<T>> {
  const limit = limitOf(request)
  const after = request.cursor === undefined ? undefined : openCursor(request.cursor, 'list')[0]
  const items = await load(after, limit + 1)
  return pageOf(items, limit, last => makeCursor('list', [keyOf(last)]))
}

export function pageOf<T>(items: readonly T[], limit: number, cursorOf: (last: T) => string): Page<T> {
  const shown = items.slice(0, limit)
  const last = shown.at(-1)
  return items.length <= limit || last === undefined ? { items: shown } : { items: shown, next: cursorOf(last) }
}

/** `scope` binds a cursor to its query. */
export const makeCursor = (scope: string, keys: readonly string[]): string =>
  [scope, ...keys].map(key => encodeURIComponent(key).replaceAll('~', '%7E')).join('~')

/** @throws UseCaseError invalid-cursor */
export function openCursor(cursor: string, scope: string): string[] {
  try {
    if (cursor.length > MAX_CURSOR_CHARS) throw new UseCaseError('invalid-cursor')
    const [found, ...keys] = cursor.split('~').map(decodeURIComponent)
    if (found !== scope || keys.length === 0) throw new UseCaseError('invalid-cursor')
    return keys
  } catch (error) {
    throw new UseCaseError('invalid-cursor', {}, { cause: error })
  }
}
