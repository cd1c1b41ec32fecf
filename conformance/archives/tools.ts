import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FileTypeName } from '../../src/formats/index.ts'

// Debian's extractors: each takes an archive and leaves files in a folder.

type Tool = (archive: string, password: string) => readonly [program: string, ...argv: string[]]

const bsdtar: Tool = (archive, password) => ['bsdtar', '-xf', archive, '--passphrase', password]
const sevenZip: Tool = (archive, password) => ['7z', 'x', '-y', `-p${password}`, archive]
const tar: Tool = archive => ['tar', '-xf', archive]
const cpio: Tool = archive => ['sh', '-c', `cpio -idmu --quiet --no-absolute-filenames < ${archive}`]
const ar: Tool = archive => ['ar', 'x', archive]
const unar: Tool = (archive, password) => ['unar', '-q', '-f', '-p', password, archive]
const cabextract: Tool = archive => ['cabextract', '-q', archive]

/** Which of them open a type. */
export const TOOLS: Partial<Record<FileTypeName, readonly Tool[]>> = {
  tar: [tar, bsdtar, sevenZip],
  'tar-old': [tar, bsdtar, sevenZip],
  'cpio-old': [cpio, bsdtar],
  'cpio-odc': [cpio, bsdtar],
  'cpio-newc': [cpio, bsdtar, sevenZip],
  'cpio-crc': [cpio, bsdtar],
  ar: [ar, bsdtar, sevenZip],
  deb: [ar, bsdtar],
  '7z': [sevenZip, bsdtar, unar],
  rar: [unar, bsdtar],
  cab: [cabextract, sevenZip, bsdtar],
  lha: [unar, bsdtar, sevenZip],
  arj: [unar, sevenZip],
  iso9660: [sevenZip, bsdtar],
  udf: [sevenZip],
  xar: [sevenZip, bsdtar],
  rpm: [sevenZip],
  chm: [sevenZip],
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** Digests of the files that each tool extracts without complaint, with a name for each. */
export function extractedByTools(
  type: FileTypeName,
  content: Uint8Array,
  passwords: readonly string[],
): Map<string, string> {
  const found = new Map<string, string>()
  for (const tool of TOOLS[type] ?? []) {
    for (const password of passwords) {
      const files = extracted(tool, content, password)
      for (const [digest, name] of files ?? []) if (!found.has(digest)) found.set(digest, name)
      if (files !== undefined) break
    }
  }
  return found
}

function extracted(tool: Tool, content: Uint8Array, password: string): Map<string, string> | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'lazaret-extract-'))
  try {
    const archive = join(folder, 'archive')
    const target = join(folder, 'out')
    mkdirSync(target)
    writeFileSync(archive, content)
    const [program, ...argv] = tool(archive, password)
    const { status } = spawnSync(program, argv, { cwd: target, stdio: 'ignore', timeout: 20_000 })
    return status === 0 ? new Map(digests(target, program, '')) : undefined
  } finally {
    spawnSync('chmod', ['-R', 'u+rwx', folder], { stdio: 'ignore' })
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Larger files are holes. */
const MAX_FILE_BYTES = 256 << 20

function* digests(folder: string, program: string, prefix: string): Generator<[string, string]> {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name)
    const stat = lstatSync(path)
    if (stat.isDirectory()) yield* digests(path, program, `${prefix}${name}/`)
    else if (stat.isFile() && stat.size > 0 && stat.size < MAX_FILE_BYTES)
      yield [sha256(readFileSync(path)), `${program}: ${prefix}${name} (${stat.size})`]
  }
}
