import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
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
    return status === 0 ? new Map(digests(target, program)) : undefined
  } finally {
    spawnSync('chmod', ['-R', 'u+rwx', folder], { stdio: 'ignore' })
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Larger files than 256 MiB are holes. Names are printed as bytes, which only look odd where they are not UTF-8. */
function* digests(folder: string, program: string): Generator<[string, string]> {
  const argv = ['.', '-type', 'f', '-size', '+0c', '-size', '-256M', '-exec', 'sha256sum', '{}', '+']
  const { stdout } = spawnSync('find', argv, { cwd: folder, encoding: 'utf8', maxBuffer: 64 << 20 })
  // A backslash in front says that characters of the name are escaped.
  for (const line of stdout.split('\n').filter(text => text !== ''))
    yield [line.replace('\\', '').slice(0, 64), `${program}: ${line.slice(66)}`]
}
