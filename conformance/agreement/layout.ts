import { fill, join, latin, noise } from '../carriers/bytes.ts'
import { Canvas, startOf, withTail } from './canvas.ts'
import type { Chunk } from './instance.ts'
import { executable, type Layout } from './layout-executable.ts'
import type { Random } from './random.ts'
import { LeftOut, type Signature } from './signature.ts'

// Puts chunks into a file of the type that a signature's target asks for.

/** Builds the file. @throws LeftOut where this layout cannot hold it */
export function layOut(signature: Signature, chunks: readonly Chunk[], random: Random): Uint8Array {
  const bytes = LAYOUTS[signature.target]?.(signature, chunks, random)
  if (bytes === undefined) throw new LeftOut(`target ${signature.target}`)
  return bytes
}

const LAYOUTS: Readonly<Record<number, Layout>> = {
  0: flat(new Uint8Array(0)),
  1: executable('pe'),
  2: flat(join(latin('\u00d0\u00cf\u0011\u00e0\u00a1\u00b1\u001a\u00e1'), noise(504, 5))),
  3: text('<html><head><title>page</title></head><body>\n', '\n</body></html>\n'),
  4: text('From: a@example.org\nTo: b@example.org\nSubject: letter\nReceived: by c\nDate: today\n\n', '\n'),
  5: flat(
    join(
      latin('\u0089PNG\r\n\u001a\n'),
      fill(3, 0),
      latin('\rIHDR'),
      fill(3, 0),
      latin('\u0010'),
      fill(3, 0),
      latin('\u0010\u0008\u0002'),
      fill(3, 0),
    ),
  ),
  6: executable('elf'),
  7: text('plain words here ', ' and some more plain words at the end of it\n'),
  9: executable('macho'),
  10: flat(latin('%PDF-1.4\n%\u00e2\u00e3\u00cf\u00d3\n')),
  11: flat(join('FWS\u0006', latin('\u0080\u0000\u0000\u0000'), noise(24, 3))),
  12: flat(join(latin('\u00ca\u00fe\u00ba\u00be\u0000\u0000\u0000\u0034'), noise(24, 3))),
}

/** A head that makes the type, then chunks among neutral bytes. */
function flat(head: Uint8Array): Layout {
  return (signature, chunks) => {
    const canvas = new Canvas(Math.max(64, head.length + 16), length => noise(length, 19))
    if (head.length > 0) canvas.put(0, head)
    for (const chunk of chunks) {
      if (chunk.offset.base !== 'start') continue
      const start = startOf(chunk)
      const isOnMagic = chunk.bytes.some((byte, i) => start + i < head.length && head[start + i] !== byte)
      if (isOnMagic) throw new LeftOut('pattern in the place of the magic: content that only comes out of a container')
      canvas.put(start, chunk.bytes)
    }
    for (const chunk of chunks) if (chunk.offset.base === 'any') canvas.append(chunk.bytes)
    return withTail(signature, canvas.bytes, chunks)
  }
}

/** Text before and behind; nothing that is not text. */
function text(before: string, after: string): Layout {
  return (signature, chunks) => {
    const atStart = chunks.filter(chunk => chunk.offset.base === 'start')
    const free = chunks.filter(chunk => chunk.offset.base === 'any')
    const atEnd = chunks.some(chunk => chunk.offset.base === 'end')
    const canvas = new Canvas(0, length => fill(length, 0x78))
    for (const chunk of atStart) {
      const start = startOf(chunk)
      if (start > canvas.bytes.length) canvas.put(canvas.bytes.length, fill(start - canvas.bytes.length, 0x78))
      canvas.put(start, chunk.bytes)
    }
    const head = atStart.length === 0 ? latin(before) : join(canvas.bytes, '\n')
    const body = join(head, ...free.flatMap(chunk => [chunk.bytes, ' ']), latin(atEnd ? '' : after))
    return withTail(signature, body, chunks)
  }
}
