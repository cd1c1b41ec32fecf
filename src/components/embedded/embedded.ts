import { carve, isProven, type Embedded, type FileTypeName } from '../../formats/index.ts'
import type { Component, Emission } from '../../scan/index.ts'

// Carves files out of programs, images and data: archives behind programs, programs inside of programs.

/** All that is carved together may be so many times as long as the content. */
const MAX_CARVED = 4
/** Bytes behind a carved file that may still belong to it. */
const MAX_TAIL_BYTES = 65_536

export const embedded: Component = {
  manifest: {
    name: 'embedded',
    version: '1',
    description: 'Carves archives, documents and programs out of programs, images and data',
    accepts: [
      ...([
        'pe',
        'dos',
        'elf',
        'macho',
        'java-class',
        'swf',
        'data',
        'text',
        'text-utf8',
        'html',
        'postscript',
      ] as const),
      ...([
        'gif',
        'png',
        'jpeg',
        'tiff',
        'bmp',
        'graphics',
        'jpeg2000',
        'riff',
        'ogg',
        'mp3',
        'realmedia',
        'sqlite',
      ] as const),
    ],
    marks: ['zip', 'rar', '7z', 'cab', 'ole2', 'pdf', 'xz', 'gzip', 'lha', 'pe', 'elf', 'nsis', 'autoit'],
    stage: 'extract',
    place: 'engine',
  },
  *process({ bytes }) {
    let left = bytes.length * MAX_CARVED
    for (const { file, end } of regions(carve(bytes), bytes.length)) {
      const name = `at-${file.offset}.${file.kind}`
      const length = end - file.offset
      if (length > left) {
        yield missed(name, length)
        continue
      }
      left -= length
      const type = TYPES[file.kind]
      yield {
        emit: 'child',
        name,
        guess: !isProven(file, bytes),
        content: bytes.subarray(file.offset, end),
        ...(type === undefined ? {} : { type }),
      }
    }
  },
}

/** What the content alone does not tell. */
const TYPES: Partial<Readonly<Record<Embedded['kind'], FileTypeName>>> = { nsis: 'nsis', autoit: 'autoit' }

const missed = (member: string, bytes: number): Emission => ({
  emit: 'missed',
  reason: 'too-large',
  detail: 'Too many files lie inside of each other in it',
  member,
  bytes,
})

/** What is to be carved: what lies inside of another region is found when that is looked at in turn. */
function* regions(files: readonly Embedded[], length: number): Generator<{ file: Embedded; end: number }> {
  let covered = 0
  for (const file of files) {
    if (file.offset < covered) continue
    const end = file.end ?? length
    yield { file, end }
    // What little is behind the last one may be part of it; programs are often longer than their sections.
    const isLast = length - end <= MAX_TAIL_BYTES && !files.some(other => other.offset >= end)
    if (end < length && isLast) yield { file, end: length }
    covered = end
  }
}
