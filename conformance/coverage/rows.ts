import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'

// One row for each way to put a file into another one. The payload is clam.exe of Debian's clamav-testfiles; its digest
// is the only signature, so whoever reports it has seen the member whole.

export const TESTFILES = '/usr/share/clamav-testfiles'
export const PAYLOAD = join(TESTFILES, 'clam.exe')

export interface Row {
  readonly group: string
  readonly format: string
  /** Makes the container in a folder of its own. @returns its path */
  readonly make: (folder: string) => string
}

const run = (program: string, argv: readonly string[], cwd: string, input?: Uint8Array): Buffer =>
  execFileSync(program, argv, { cwd, input, stdio: ['pipe', 'pipe', 'ignore'], maxBuffer: 1 << 28 })

/** A file that comes as it is. */
const given =
  (name: string) =>
  (folder: string): string => {
    const path = join(folder, name)
    copyFileSync(join(TESTFILES, name), path)
    return path
  }

/** By a tool that is told the name of the archive and of the member; {A} and {M} stand for them. */
const made =
  (archive: string, program: string, ...argv: readonly string[]) =>
  (folder: string): string => {
    copyFileSync(PAYLOAD, join(folder, 'clam.exe'))
    run(
      program,
      argv.map(word => word.replaceAll('{A}', archive).replaceAll('{M}', 'clam.exe')),
      folder,
    )
    return join(folder, archive)
  }

/** By a tool that writes the compressed file to its standard output. */
const filtered =
  (ending: string, program: string, ...argv: readonly string[]) =>
  (folder: string): string => {
    const path = join(folder, `clam.exe.${ending}`)
    writeFileSync(path, run(program, argv, folder, readFileSync(PAYLOAD)))
    return path
  }

const written =
  (name: string, content: () => Uint8Array | string) =>
  (folder: string): string => {
    const path = join(folder, name)
    writeFileSync(path, content())
    return path
  }

const python =
  (name: string, program: string) =>
  (folder: string): string => {
    run('/usr/bin/python3', ['-c', program, PAYLOAD, join(folder, name)], folder)
    return join(folder, name)
  }

const payload = (): Buffer => readFileSync(PAYLOAD)

const cpio = (format: string) => made(`clam.${format}.cpio`, 'sh', '-c', `echo {M} | cpio -o -H ${format} > {A}`)
const zip7 = (method: string) => made(`clam.${method}.zip`, '7z', 'a', '-tzip', `-mm=${method}`, '{A}', '{M}')
const tar = (format: string) => made(`clam.${format}.tar`, 'tar', `--format=${format}`, '-cf', '{A}', '{M}')

const MAIL = `
import sys
from email.message import EmailMessage
message = EmailMessage()
message['From'], message['To'], message['Subject'] = 'a@example.org', 'b@example.org', 'x'
message.set_content('The password is %s.' if len(sys.argv) > 3 else 'See the file.')
message.add_attachment(open(sys.argv[1], 'rb').read(), 'application', 'octet-stream', filename='clam.exe', cte='CTE')
open(sys.argv[2], 'wb').write(message.as_bytes())
`
const mail = (encoding: string) => python(`${encoding}.eml`, MAIL.replace('CTE', encoding))

const ZIP = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[2], 'w', zipfile.ZIP_DEFLATED) as archive:
    archive.write(sys.argv[1], 'clam.exe')
`

/** A message that tells the password of the archive that it brings. */
function mailedPassword(folder: string): string {
  const archive = made('closed.zip', '7z', 'a', '-tzip', '-pOpen-4711', '{A}', '{M}')(folder)
  const path = join(folder, 'closed.eml')
  const boundary = 'b0undary'
  const lines = [
    'From: a@example.org',
    'To: b@example.org',
    'Subject: your file',
    'MIME-Version: 1.0',
    `Content-Type: multipart/mixed; boundary="${boundary}"`,
    '',
    `--${boundary}`,
    'Content-Type: text/plain',
    '',
    'Here it is. Password: Open-4711',
    `--${boundary}`,
    'Content-Type: application/zip; name="closed.zip"',
    'Content-Transfer-Encoding: base64',
    '',
    readFileSync(archive)
      .toString('base64')
      .replaceAll(/(.{76})/g, '$1\r\n'),
    `--${boundary}--`,
    '',
  ]
  writeFileSync(path, lines.join('\r\n'))
  return path
}

function squashfs(folder: string): string {
  mkdirSync(join(folder, 'root'))
  copyFileSync(PAYLOAD, join(folder, 'root', 'clam.exe'))
  run('mksquashfs', ['root', 'clam.squashfs', '-quiet', '-no-progress'], folder)
  return join(folder, 'clam.squashfs')
}

function ext4(folder: string): string {
  mkdirSync(join(folder, 'root'))
  copyFileSync(PAYLOAD, join(folder, 'root', 'clam.exe'))
  run('/sbin/mke2fs', ['-q', '-t', 'ext4', '-d', 'root', 'clam.ext4', '2M'], folder)
  return join(folder, 'clam.ext4')
}

function fat(folder: string): string {
  run('/sbin/mkfs.vfat', ['-C', 'clam.fat', '1440'], folder)
  run('mcopy', ['-i', 'clam.fat', PAYLOAD, '::/clam.exe'], folder)
  return join(folder, 'clam.fat')
}

function iso(...options: readonly string[]): (folder: string) => string {
  return folder => {
    mkdirSync(join(folder, 'root'))
    copyFileSync(PAYLOAD, join(folder, 'root', 'clam.exe'))
    run('genisoimage', ['-quiet', ...options, '-o', 'clam.iso', 'root'], folder)
    return join(folder, 'clam.iso')
  }
}

function wim(folder: string): string {
  mkdirSync(join(folder, 'root'))
  copyFileSync(PAYLOAD, join(folder, 'root', 'clam.exe'))
  run('wimlib-imagex', ['capture', 'root', 'clam.wim', '--quiet'], folder)
  return join(folder, 'clam.wim')
}

function nsis(compressor: string): (folder: string) => string {
  return folder => {
    copyFileSync(PAYLOAD, join(folder, 'clam.exe'))
    const script = `SetCompressor ${compressor}\nOutFile setup.exe\nSection\nSetOutPath $TEMP\nFile clam.exe\nSectionEnd\n`
    writeFileSync(join(folder, 'setup.nsi'), script)
    run('makensis', ['-V0', 'setup.nsi'], folder)
    return join(folder, 'setup.exe')
  }
}

function deb(folder: string): string {
  const control = 'Package: clam\nVersion: 1\nArchitecture: all\nMaintainer: a <a@example.org>\nDescription: x\n'
  mkdirSync(join(folder, 'clam', 'DEBIAN'), { recursive: true })
  writeFileSync(join(folder, 'clam', 'DEBIAN', 'control'), control)
  copyFileSync(PAYLOAD, join(folder, 'clam', 'clam.exe'))
  run('dpkg-deb', ['-b', 'clam', 'clam.deb'], folder)
  return join(folder, 'clam.deb')
}

function behindProgram(folder: string): string {
  const path = join(folder, 'sfx.exe')
  const archive = python('sfx.zip', ZIP)(folder)
  writeFileSync(path, Buffer.concat([payload(), Buffer.alloc(100), readFileSync(archive)]))
  // The program in front is another one: what is found must come out of the archive.
  const program = readFileSync(path)
  program[100] ^= 0xff
  writeFileSync(path, program)
  return path
}

function inPng(folder: string): string {
  const archive = python('tail.zip', ZIP)(folder)
  const png = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  )
  return written('tail.png', () => Buffer.concat([png, readFileSync(archive)]))(folder)
}

export const ROWS: readonly Row[] = [
  ...[
    ['ZIP, stored', zip7('Copy')],
    ['ZIP, deflate', given('clam.zip')],
    ['ZIP, deflate64', given('clam.d64.zip')],
    ['ZIP, bzip2', given('clam.bz2.zip')],
    ['ZIP, implode', given('clam.impl.zip')],
    ['ZIP, LZMA', zip7('LZMA')],
    ['ZIP, PPMd', zip7('PPMd')],
    ['ZIP, usual password', made('usual.zip', '7z', 'a', '-tzip', '-pinfected', '{A}', '{M}')],
    ['ZIP, AES, usual password', made('aes.zip', '7z', 'a', '-tzip', '-mem=AES256', '-pinfected', '{A}', '{M}')],
    ['ZIP, password in the mail around it', mailedPassword],
    ['7z', given('clam.7z')],
    ['7z, usual password', made('closed.7z', '7z', 'a', '-mhe=on', '-pinfected', '{A}', '{M}')],
    ['ARJ', given('clam.arj')],
    ['CAB', given('clam.cab')],
    ['tar, v7', tar('v7')],
    ['tar, ustar', tar('ustar')],
    ['tar, GNU', tar('gnu')],
    ['tar, pax', tar('pax')],
    ['cpio, binary', cpio('bin')],
    ['cpio, portable ASCII', cpio('odc')],
    ['cpio, SVR4', cpio('newc')],
    ['cpio, SVR4 with checksums', cpio('crc')],
    ['ar', made('clam.a', 'ar', 'rc', '{A}', '{M}')],
    ['Debian package', deb],
    ['Symbian SIS', given('clam.sis')],
    ['CHM', given('clam.chm')],
  ].map(row => ({ group: 'Archives', format: row[0] as string, make: row[1] as Row['make'] })),
  ...[
    ['gzip', filtered('gz', 'gzip', '-c')],
    ['gzip in gzip', written('twice.gz', () => gzipSync(gzipSync(payload())))],
    ['bzip2', given('clam.exe.bz2')],
    ['xz', filtered('xz', 'xz', '-c')],
    ['lzma', filtered('lzma', 'xz', '--format=lzma', '-c')],
    ['lzip', filtered('lz', 'lzip', '-c')],
    ['Zstandard', written('clam.exe.zst', () => zstdCompressSync(payload()))],
    ['LZ4', filtered('lz4', 'lz4', '-c')],
    ['lzop', filtered('lzo', 'lzop', '-c')],
    ['compress', filtered('Z', 'compress', '-c')],
    ['SZDD', given('clam.exe.szdd')],
    ['Brotli', written('clam.exe.br', () => brotliCompressSync(payload()))],
  ].map(row => ({ group: 'Compressed files', format: row[0] as string, make: row[1] as Row['make'] })),
  ...[
    ['ISO 9660', iso()],
    ['ISO 9660 with Joliet', iso('-J')],
    ['UDF', iso('-udf')],
    ['FAT', fat],
    ['ext4', ext4],
    ['SquashFS', squashfs],
    ['WIM', wim],
  ].map(row => ({ group: 'Disk images', format: row[0] as string, make: row[1] as Row['make'] })),
  ...[
    ['base64', mail('base64')],
    ['quoted-printable', mail('quoted-printable')],
    ['mailbox, base64', given('clam.exe.mbox.base64')],
    ['mailbox, uuencode', given('clam.exe.mbox.uu')],
    ['BinHex', given('clam.exe.binhex')],
    ['TNEF (winmail.dat)', given('clam.tnef')],
    ['uuencoded file', made('clam.uu', 'sh', '-c', 'uuencode {M} {M} > {A}')],
    ['HTML with a data: URL', given('clam.exe.html')],
  ].map(row => ({ group: 'Mail and text', format: row[0] as string, make: row[1] as Row['make'] })),
  ...[
    ['Word 97 (OLE2)', given('clam.ole.doc')],
    ['PowerPoint 97 (OLE2)', given('clam.ppt')],
    ['RTF', given('clam.exe.rtf')],
    ['PDF', given('clam.pdf')],
  ].map(row => ({ group: 'Documents', format: row[0] as string, make: row[1] as Row['make'] })),
  ...[
    ['NSIS', given('clam-nsis.exe')],
    ['NSIS, LZMA, solid', nsis('/SOLID lzma')],
    ['NSIS, bzip2', nsis('bzip2')],
    ['InstallShield, cabinet', given('clam_IScab_int.exe')],
    ['InstallShield, cabinet outside', given('clam_IScab_ext.exe')],
    ['InstallShield, MSI', given('clam_ISmsi_int.exe')],
    ['InstallShield, MSI outside', given('clam_ISmsi_ext.exe')],
    ['AutoIt, EA05', given('clam.ea05.exe')],
    ['AutoIt, EA06', given('clam.ea06.exe')],
    ['ZIP behind a program', behindProgram],
    ['ZIP behind a picture', inPng],
    ['program inside of a program', given('clam-fsg.exe')],
  ].map(row => ({ group: 'Installers and embedded files', format: row[0] as string, make: row[1] as Row['make'] })),
  ...['aspack', 'mew', 'pespin', 'petite', 'upack', 'upx', 'wwpack', 'yc'].map(name => ({
    group: 'Packed programs',
    format: name,
    make: given(`clam-${name}.exe`),
  })),
]
