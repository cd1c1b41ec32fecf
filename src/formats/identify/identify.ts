import type { FileType } from '../types.ts'
import { diskType, isOldTar, isUstar } from './disk.ts'
import { typeByName } from './file-types.ts'
import type { FileTypeName } from './file-types.ts'
import { deepMagic, headMagic } from './magic.ts'
import { firstLineType, headerBlockType } from './mail.ts'
import { markupType } from './markup.ts'
import { refine } from './refine.ts'
import { narrow, textEncoding } from './text.ts'

/** How much of the start decides whether something is text, HTML or mail; ClamAV looks as far. */
const HEAD_SIZE = 1024

/** Types that a program loader starts whatever else the file may be; "ustar" at 257 does not make an archive of them. */
const PROGRAMS: ReadonlySet<FileTypeName> = new Set(['pe', 'elf', 'macho', 'macho-universal', 'java-class'])

/**
 * What the content is. Looks at the first kilobyte, at fixed places in the first 37 KiB, and at the last sector; for
 * ZIP also at some names in its directory. Never fails: what is nothing else is `text`, `data` or `empty`.
 * @param content - the whole file; not retained
 */
export function identify(content: Uint8Array): FileType {
  return typeByName(identifyName(content))
}

function identifyName(content: Uint8Array): FileTypeName {
  if (content.length === 0) return 'empty'
  const magic = headMagic(content)
  if (magic === undefined && content.length < 4) return textEncoding(content) ?? 'data'
  const head = content.subarray(0, HEAD_SIZE)
  const type = magic === undefined ? undefined : refine(magic, content, head)
  if (type !== undefined && PROGRAMS.has(type)) return type
  // A tar archive starts with the name of its first file, which may look like anything.
  if (isUstar(content)) return 'tar'
  return type ?? firstLineType(head) ?? deepMagic(content) ?? byHead(content, head)
}

function byHead(content: Uint8Array, head: Uint8Array): FileTypeName {
  const encoding = textEncoding(head)
  if (encoding === 'text-utf16le' || encoding === 'text-utf16be')
    return markupType(narrow(head, encoding)) === 'html' ? 'html-utf16' : encoding
  const markup = markupType(head)
  if (markup !== undefined) return markup
  if (isOldTar(content)) return 'tar-old'
  if (encoding !== undefined) return headerBlockType(head) ?? encoding
  return diskType(content) ?? 'data'
}
