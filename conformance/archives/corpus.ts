import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { SHARED } from '../../bench/lib/folders.ts'

// Archives that other projects test themselves with, as ../shared/corpora holds them.

export const CORPORA = join(SHARED, 'corpora')

export interface Sample {
  readonly name: string
  readonly content: Uint8Array
}

/** Every sample of these folders; uuencoded ones decoded, and what is gzip-compressed around an archive unpacked. */
export function* samples(...folders: readonly string[]): Generator<Sample> {
  for (const folder of folders)
    for (const name of readdirSync(join(CORPORA, folder)).toSorted()) {
      const raw = readFileSync(join(CORPORA, folder, name))
      const content = name.endsWith('.uu') ? uudecode(raw.toString('latin1')) : raw
      if (content === undefined) continue
      yield { name: `${folder}/${name.replace(/\.uu$/, '')}`, content: unpacked(content) }
    }
}

/** Uuencoded text; undefined where there is none in it. */
export function uudecode(text: string): Uint8Array | undefined {
  const lines = text.split(/\r?\n/)
  const begin = lines.findIndex(line => line.startsWith('begin '))
  if (begin < 0) return undefined
  const bytes: number[] = []
  for (let at = begin + 1; at < lines.length && lines[at] !== 'end'; at++) {
    const values = Array.from(Buffer.from(lines[at], 'latin1'), byte => (byte - 0x20) & 0x3f)
    const decoded: number[] = []
    for (let i = 1; i + 1 < values.length; i += 4) {
      const [a, b, c = 0, d = 0] = values.slice(i, i + 4)
      decoded.push((a << 2) | (b >> 4), ((b & 15) << 4) | (c >> 2), ((c & 3) << 6) | d)
    }
    for (const byte of decoded.slice(0, values[0] ?? 0)) bytes.push(byte)
  }
  return Uint8Array.from(bytes)
}

function unpacked(content: Uint8Array): Uint8Array {
  if (content[0] !== 0x1f || content[1] !== 0x8b) return content
  try {
    return gunzipSync(content)
  } catch {
    return content
  }
}
