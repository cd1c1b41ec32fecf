import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { hasShared, SHARED } from '../bench/lib/folders.ts'
import { postgresPrograms } from './ledger/postgres.ts'
import { LAZARET, LAZARET_CLIENT } from '../bench/lib/servers.ts'

// What suites need beside the repository. What is absent is said once, by name, so that a green run is never mistaken
// for a whole one.

function hasProgram(name: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const succeeds = (program: string, options: readonly string[]): boolean => {
  try {
    execFileSync(program, options, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const NEEDS = {
  clamscan: { is: () => hasProgram('clamscan'), help: 'Debian package clamav' },
  clamd: { is: () => hasProgram('clamd'), help: 'Debian package clamav-daemon' },
  clamdscan: { is: () => hasProgram('clamdscan'), help: 'Debian package clamdscan' },
  clamdtop: {
    is: () => hasProgram('clamdtop') && hasProgram('script'),
    help: 'Debian packages clamdscan and bsdutils',
  },
  testfiles: { is: () => existsSync('/usr/share/clamav-testfiles/clam.exe'), help: 'Debian package clamav-testfiles' },
  qpdf: { is: () => hasProgram('qpdf') && hasProgram('pdfdetach'), help: 'Debian packages qpdf and poppler-utils' },
  ghostscript: { is: () => hasProgram('gs'), help: 'Debian package ghostscript' },
  pyclamd: { is: () => succeeds('/usr/bin/python3', ['-c', 'import pyclamd']), help: 'Debian package python3-pyclamd' },
  python3: { is: () => hasProgram('python3'), help: 'Debian package python3' },
  perl: { is: () => succeeds('perl', ['-MClamAV::Client', '-e', '1']), help: 'Debian package libclamav-client-perl' },
  compressors: {
    is: () => ['bzip2', 'xz', 'lzip', 'lz4', 'zstd', 'compress', 'lzop', 'mscompress', 'unzip'].every(hasProgram),
    help: 'Debian packages bzip2, xz-utils, lzip, lz4, zstd, ncompress, lzop, mscompress and unzip',
  },
  shared: { is: () => hasShared, help: 'real signatures in ../shared/signatures' },
  '7z': { is: () => hasProgram('7z'), help: 'Debian package p7zip-full' },
  msibuild: { is: () => hasProgram('msibuild'), help: 'Debian package msitools' },
  sigtool: { is: () => hasProgram('sigtool'), help: 'Debian package clamav' },
  olefile: { is: () => succeeds('/usr/bin/python3', ['-c', 'import olefile']), help: 'Debian package python3-olefile' },
  msoffcrypto: {
    is: () => succeeds('/usr/bin/python3', ['-c', 'import msoffcrypto']),
    help: 'Debian package python3-msoffcrypto-tool',
  },
  xlwt: { is: () => succeeds('/usr/bin/python3', ['-c', 'import xlwt']), help: 'Debian package python3-xlwt' },
  unzip: { is: () => hasProgram('unzip') && hasProgram('zip'), help: 'Debian packages unzip and zip' },
  p7zip: { is: () => hasProgram('7z'), help: 'Debian package 7zip' },
  bsdtar: { is: () => hasProgram('bsdtar'), help: 'Debian package libarchive-tools' },
  corpora: { is: () => existsSync(join(SHARED, 'corpora/libarchive')), help: 'archives in ../shared/corpora' },
  extractors: {
    is: () => ['7z', 'bsdtar', 'tar', 'cpio', 'ar', 'unar', 'cabextract'].every(hasProgram),
    help: 'Debian packages p7zip-full, libarchive-tools, cpio, binutils, unar and cabextract',
  },
  makers: {
    is: () =>
      ['7z', 'cpio', 'ar', 'xz', 'lzip', 'lz4', 'lzop', 'compress', 'genisoimage', 'mksquashfs', 'wimlib-imagex'].every(
        hasProgram,
      ) && ['mcopy', 'makensis', 'uuencode', 'dpkg-deb'].every(hasProgram),
    help: 'Debian packages genisoimage squashfs-tools wimtools mtools dosfstools nsis sharutils and the compressors',
  },
  postgres: { is: () => postgresPrograms() !== undefined, help: 'Debian package postgresql' },
  lazaret: { is: () => existsSync(LAZARET), help: 'npm run build' },
  client: { is: () => existsSync(LAZARET_CLIENT), help: 'npm run build' },
} as const
export type Need = keyof typeof NEEDS

/** The needs that are not met; each is printed with how to meet it. Use: `describe.skipIf(missing('clamd').length > 0)`. */
export function missing(...needs: readonly Need[]): Need[] {
  const absent = needs.filter(need => !NEEDS[need].is())
  for (const need of absent) console.warn(`SKIPPED: ${need} is absent; install ${NEEDS[need].help}`)
  return absent
}
