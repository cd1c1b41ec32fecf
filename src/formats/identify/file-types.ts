import type { FileType } from '../types.ts'

// Every type there is, one row each: name, ClamAV's name, ClamAV's target, container, media type, description.
// The first row of a ClamAV name is the one typeByClamName answers. Rows below "Known by name only" are types that
// ClamAV assigns in the middle of its own unpacking; they exist so that signatures can name them.

type Row = readonly [
  name: string,
  clamType: string,
  target: number,
  container: boolean,
  mime: string,
  description: string,
]

const BINARY = 'CL_TYPE_BINARY_DATA'
const IGNORED = 'CL_TYPE_IGNORED'
const OCTETS = 'application/octet-stream'

// prettier-ignore
const ROWS = [
  ['data', BINARY, 14, false, OCTETS, 'Data'],
  ['empty', BINARY, 0, false, 'inode/x-empty', 'Empty file'],
  // Programs
  ['pe', 'CL_TYPE_MSEXE', 1, false, 'application/vnd.microsoft.portable-executable', 'Windows program or library'],
  ['dos', 'CL_TYPE_MSEXE', 1, false, 'application/x-dosexec', 'DOS or 16-bit Windows program'],
  ['elf', 'CL_TYPE_ELF', 6, false, 'application/x-elf', 'ELF program, library or object'],
  ['macho', 'CL_TYPE_MACHO', 9, false, 'application/x-mach-binary', 'Mach-O program or library'],
  ['macho-universal', 'CL_TYPE_MACHO_UNIBIN', 9, true, 'application/x-mach-binary', 'Mach-O universal binary'],
  ['java-class', 'CL_TYPE_JAVA', 12, false, 'application/java-vm', 'Java class'],
  ['pyc', 'CL_TYPE_PYTHON_COMPILED', 14, false, 'application/x-python-code', 'Compiled Python'],
  ['wasm', BINARY, 14, false, 'application/wasm', 'WebAssembly module'],
  ['dex', BINARY, 14, false, 'application/vnd.android.dex', 'Android program'],
  ['lnk', 'CL_TYPE_LNK', 0, false, 'application/x-ms-shortcut', 'Windows shortcut'],
  // Text
  ['text', 'CL_TYPE_TEXT_ASCII', 7, false, 'text/plain', 'Text'],
  ['text-utf8', 'CL_TYPE_TEXT_UTF8', 7, false, 'text/plain', 'UTF-8 text'],
  ['text-utf16le', 'CL_TYPE_TEXT_UTF16LE', 7, false, 'text/plain', 'UTF-16 text, little endian'],
  ['text-utf16be', 'CL_TYPE_TEXT_UTF16BE', 7, false, 'text/plain', 'UTF-16 text, big endian'],
  ['html', 'CL_TYPE_HTML', 3, false, 'text/html', 'HTML'],
  ['html-utf16', 'CL_TYPE_HTML_UTF16', 3, false, 'text/html', 'HTML in UTF-16'],
  ['script-encoded', 'CL_TYPE_SCRENC', 0, true, 'text/plain', 'Encoded script (Script Encoder)'],
  ['xml-word', 'CL_TYPE_XML_WORD', 0, true, 'application/xml', 'Word 2003 XML document'],
  ['xml-excel', 'CL_TYPE_XML_XL', 0, true, 'application/xml', 'Excel 2003 XML workbook'],
  ['xdp', 'CL_TYPE_XDP', 0, true, 'application/vnd.adobe.xdp+xml', 'XML data package'],
  // Mail
  ['mail', 'CL_TYPE_MAIL', 4, true, 'message/rfc822', 'Mail message or mailbox'],
  ['mhtml', 'CL_TYPE_MHTML', 0, true, 'multipart/related', 'Web page archive (MHTML)'],
  ['tnef', 'CL_TYPE_TNEF', 0, true, 'application/ms-tnef', 'Outlook mail attachment container (winmail.dat)'],
  ['uuencode', 'CL_TYPE_UUENCODED', 0, true, 'text/x-uuencode', 'Uuencoded file'],
  ['binhex', 'CL_TYPE_BINHEX', 0, true, 'application/mac-binhex40', 'BinHex file'],
  ['pst', BINARY, 14, true, 'application/vnd.ms-outlook', 'Outlook mailbox'],
  // Graphics and sound
  ['graphics', 'CL_TYPE_GRAPHICS', 5, false, OCTETS, 'Graphics'],
  ['gif', 'CL_TYPE_GIF', 5, false, 'image/gif', 'GIF image'],
  ['png', 'CL_TYPE_PNG', 5, false, 'image/png', 'PNG image'],
  ['jpeg', 'CL_TYPE_JPEG', 5, false, 'image/jpeg', 'JPEG image'],
  ['tiff', 'CL_TYPE_TIFF', 5, false, 'image/tiff', 'TIFF image'],
  ['bmp', 'CL_TYPE_GRAPHICS', 5, false, 'image/bmp', 'BMP image'],
  ['jpeg2000', 'CL_TYPE_GRAPHICS', 5, false, 'image/jp2', 'JPEG 2000 image'],
  ['riff', 'CL_TYPE_RIFF', 0, false, OCTETS, 'RIFF sound, video, image or cursor'],
  ['ogg', IGNORED, 0, false, 'application/ogg', 'Ogg sound or video'],
  ['mp3', IGNORED, 0, false, 'audio/mpeg', 'MPEG sound'],
  ['realmedia', IGNORED, 0, false, 'application/vnd.rn-realmedia', 'RealMedia'],
  ['swf', 'CL_TYPE_SWF', 11, false, 'application/x-shockwave-flash', 'Flash animation'],
  ['swf-compressed', 'CL_TYPE_SWF', 11, true, 'application/x-shockwave-flash', 'Compressed Flash animation'],
  // Documents
  ['pdf', 'CL_TYPE_PDF', 10, true, 'application/pdf', 'PDF document'],
  ['ole2', 'CL_TYPE_MSOLE2', 2, true, 'application/x-ole-storage', 'OLE2 compound file (Office document, MSI, MSG)'],
  ['rtf', 'CL_TYPE_RTF', 0, true, 'application/rtf', 'RTF document'],
  ['docx', 'CL_TYPE_OOXML_WORD', 0, true, 'application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'Word document'],
  ['xlsx', 'CL_TYPE_OOXML_XL', 0, true, 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', 'Excel workbook'],
  ['pptx', 'CL_TYPE_OOXML_PPT', 0, true, 'application/vnd.openxmlformats-officedocument.presentationml.presentation', 'PowerPoint presentation'],
  ['hwp3', 'CL_TYPE_HWP3', 0, true, 'application/x-hwp', 'Hangul 3 document'],
  ['onenote', 'CL_TYPE_ONENOTE', 0, true, 'application/onenote', 'OneNote section'],
  ['activemime', BINARY, 14, true, 'application/x-mso', 'Compressed macro storage (ActiveMime)'],
  ['chm', 'CL_TYPE_MSCHM', 0, true, 'application/vnd.ms-htmlhelp', 'Compiled HTML help'],
  // Archives and packages
  ['zip', 'CL_TYPE_ZIP', 0, true, 'application/zip', 'ZIP archive'],
  ['jar', 'CL_TYPE_ZIP', 0, true, 'application/java-archive', 'Java archive'],
  ['apk', 'CL_TYPE_ZIP', 0, true, 'application/vnd.android.package-archive', 'Android package'],
  ['epub', 'CL_TYPE_ZIP', 0, true, 'application/epub+zip', 'EPUB book'],
  ['odf', 'CL_TYPE_ZIP', 0, true, 'application/vnd.oasis.opendocument', 'OpenDocument document'],
  ['rar', 'CL_TYPE_RAR', 0, true, 'application/vnd.rar', 'RAR archive'],
  ['7z', 'CL_TYPE_7Z', 0, true, 'application/x-7z-compressed', '7-Zip archive'],
  ['arj', 'CL_TYPE_ARJ', 0, true, 'application/x-arj', 'ARJ archive'],
  ['lha', 'CL_TYPE_LHA_LZH', 0, true, 'application/x-lzh-compressed', 'LHA archive'],
  ['alz', 'CL_TYPE_ALZ', 0, true, 'application/x-alz-compressed', 'ALZ archive'],
  ['egg', 'CL_TYPE_EGG', 0, true, 'application/x-egg-compressed', 'EGG archive'],
  ['ace', BINARY, 14, true, 'application/x-ace-compressed', 'ACE archive'],
  ['zoo', BINARY, 14, true, 'application/x-zoo', 'ZOO archive'],
  ['cab', 'CL_TYPE_MSCAB', 0, true, 'application/vnd.ms-cab-compressed', 'Cabinet archive'],
  ['cab-installshield', BINARY, 14, true, 'application/x-installshield', 'InstallShield cabinet'],
  ['tar', 'CL_TYPE_POSIX_TAR', 0, true, 'application/x-tar', 'Tar archive'],
  ['tar-old', 'CL_TYPE_OLD_TAR', 0, true, 'application/x-tar', 'Tar archive, old format'],
  ['cpio-old', 'CL_TYPE_CPIO_OLD', 0, true, 'application/x-cpio', 'Cpio archive, binary'],
  ['cpio-odc', 'CL_TYPE_CPIO_ODC', 0, true, 'application/x-cpio', 'Cpio archive, portable ASCII'],
  ['cpio-newc', 'CL_TYPE_CPIO_NEWC', 0, true, 'application/x-cpio', 'Cpio archive, SVR4'],
  ['cpio-crc', 'CL_TYPE_CPIO_CRC', 0, true, 'application/x-cpio', 'Cpio archive, SVR4 with checksums'],
  ['ar', BINARY, 14, true, 'application/x-archive', 'Ar archive or static library'],
  ['deb', BINARY, 14, true, 'application/vnd.debian.binary-package', 'Debian package'],
  ['rpm', BINARY, 14, true, 'application/x-rpm', 'RPM package'],
  ['xar', 'CL_TYPE_XAR', 0, true, 'application/x-xar', 'XAR archive (macOS installer package)'],
  ['sis', 'CL_TYPE_SIS', 0, true, 'application/vnd.symbian.install', 'Symbian installation package'],
  ['asar', BINARY, 14, true, 'application/x-asar', 'Archive of an Electron application'],
  ['warc', 'CL_TYPE_TEXT_ASCII', 7, true, 'application/warc', 'Web archive'],
  // Compressed files
  ['gzip', 'CL_TYPE_GZ', 0, true, 'application/gzip', 'Gzip-compressed file'],
  ['bzip2', 'CL_TYPE_BZ', 0, true, 'application/x-bzip2', 'Bzip2-compressed file'],
  ['xz', 'CL_TYPE_XZ', 0, true, 'application/x-xz', 'XZ-compressed file'],
  ['lzma', BINARY, 14, true, 'application/x-lzma', 'LZMA-compressed file'],
  ['zstd', BINARY, 14, true, 'application/zstd', 'Zstandard-compressed file'],
  ['lz4', BINARY, 14, true, 'application/x-lz4', 'LZ4-compressed file'],
  ['lzip', BINARY, 14, true, 'application/x-lzip', 'Lzip-compressed file'],
  ['lzop', BINARY, 14, true, 'application/x-lzop', 'Lzop-compressed file'],
  ['lrzip', BINARY, 14, true, 'application/x-lrzip', 'Lrzip-compressed file'],
  ['compress', BINARY, 14, true, 'application/x-compress', 'Compress-compressed file (.Z)'],
  ['szdd', 'CL_TYPE_MSSZDD', 0, true, 'application/x-ms-compress-szdd', 'SZDD-compressed file'],
  ['kwaj', BINARY, 14, true, 'application/x-ms-compress-kwaj', 'KWAJ-compressed file'],
  // Disk images and file systems
  ['iso9660', 'CL_TYPE_ISO9660', 0, true, 'application/x-iso9660-image', 'ISO 9660 disk image'],
  ['udf', 'CL_TYPE_UDF', 0, true, 'application/x-udf-image', 'UDF disk image'],
  ['dmg', 'CL_TYPE_DMG', 0, true, 'application/x-apple-diskimage', 'Apple disk image'],
  ['hfsplus', 'CL_TYPE_PART_HFSPLUS', 0, true, 'application/x-hfs', 'HFS+ file system'],
  ['mbr', 'CL_TYPE_MBR', 0, true, 'application/x-raw-disk-image', 'Disk image with a partition table (MBR)'],
  ['gpt', 'CL_TYPE_GPT', 0, true, 'application/x-raw-disk-image', 'Disk image with a partition table (GPT)'],
  ['apm', 'CL_TYPE_APM', 0, true, 'application/x-raw-disk-image', 'Disk image with an Apple partition map'],
  ['fat', BINARY, 14, true, 'application/x-raw-disk-image', 'FAT file system'],
  ['ntfs', BINARY, 14, true, 'application/x-raw-disk-image', 'NTFS file system'],
  ['ext', BINARY, 14, true, 'application/x-raw-disk-image', 'Linux ext file system'],
  ['wim', BINARY, 14, true, 'application/x-ms-wim', 'Windows imaging file'],
  ['vhd', BINARY, 14, true, 'application/x-vhd', 'Virtual PC disk'],
  ['vhdx', BINARY, 14, true, 'application/x-vhdx', 'Hyper-V disk'],
  ['vmdk', BINARY, 14, true, 'application/x-vmdk', 'VMware disk'],
  ['qcow', BINARY, 14, true, 'application/x-qemu-disk', 'QEMU disk'],
  ['vdi', BINARY, 14, true, 'application/x-virtualbox-vdi', 'VirtualBox disk'],
  ['squashfs', BINARY, 14, true, 'application/vnd.squashfs', 'Squashfs file system'],
  ['cramfs', BINARY, 14, true, 'application/x-cramfs', 'Cramfs file system'],
  // Encrypted
  ['cms', BINARY, 14, true, 'application/pkcs7-mime', 'S/MIME or PKCS#7 message'],
  ['pgp', BINARY, 14, true, 'application/pgp-encrypted', 'OpenPGP-encrypted message'],
  // Databases
  ['sqlite', IGNORED, 0, false, 'application/vnd.sqlite3', 'SQLite database'],
  // Known by name only
  ['ignored', IGNORED, 0, false, OCTETS, 'Type that ClamAV ignores'],
  ['other', 'CL_TYPE_OTHER', 14, false, OCTETS, 'Other'],
  ['internal', 'CL_TYPE_INTERNAL', 13, false, OCTETS, 'Internal view'],
  ['cryptff', 'CL_TYPE_CRYPTFF', 0, true, OCTETS, 'CryptFF-encrypted file'],
  ['postscript', 'CL_TYPE_PS', 0, false, 'application/postscript', 'PostScript'],
  ['xml-hwp', 'CL_TYPE_XML_HWP', 0, true, 'application/xml', 'Hangul XML document'],
  ['ooxml-hwp', 'CL_TYPE_OOXML_HWP', 0, true, 'application/hwp+zip', 'Hangul OOXML document'],
  ['script', 'CL_TYPE_SCRIPT', 0, false, 'text/plain', 'Script'],
  ['word', 'CL_TYPE_MSWORD', 2, true, 'application/msword', 'Word document'],
  ['excel', 'CL_TYPE_MSXL', 2, true, 'application/vnd.ms-excel', 'Excel workbook'],
  ['powerpoint', 'CL_TYPE_MSPPT', 2, true, 'application/vnd.ms-powerpoint', 'PowerPoint presentation'],
  ['hwp-ole2', 'CL_TYPE_HWPOLE2', 2, true, 'application/x-hwp', 'Hangul document, embedded'],
  ['zip-sfx', 'CL_TYPE_ZIPSFX', 0, true, 'application/zip', 'ZIP archive in another file'],
  ['rar-sfx', 'CL_TYPE_RARSFX', 0, true, 'application/vnd.rar', 'RAR archive in another file'],
  ['7z-sfx', 'CL_TYPE_7ZSFX', 0, true, 'application/x-7z-compressed', '7-Zip archive in another file'],
  ['cab-sfx', 'CL_TYPE_CABSFX', 0, true, 'application/vnd.ms-cab-compressed', 'Cabinet in another file'],
  ['arj-sfx', 'CL_TYPE_ARJSFX', 0, true, 'application/x-arj', 'ARJ archive in another file'],
  ['egg-sfx', 'CL_TYPE_EGGSFX', 0, true, 'application/x-egg-compressed', 'EGG archive in another file'],
  ['nsis', 'CL_TYPE_NULSFT', 0, true, OCTETS, 'NSIS installer data'],
  ['autoit', 'CL_TYPE_AUTOIT', 0, true, OCTETS, 'AutoIt script in another file'],
  ['ishield-msi', 'CL_TYPE_ISHIELD_MSI', 0, true, OCTETS, 'InstallShield MSI data'],
  ['partition', 'CL_TYPE_PART_ANY', 0, true, OCTETS, 'Partition'],
] as const satisfies readonly Row[]

/** Names of all types. */
export type FileTypeName = (typeof ROWS)[number][0]

/** All types, in table order. */
export const FILE_TYPES: readonly FileType[] = ROWS.map(([name, clamType, target, container, mime, description]) => ({
  name,
  clamType,
  target,
  mime,
  description,
  container,
}))

const BY_NAME: ReadonlyMap<string, FileType> = new Map(FILE_TYPES.map(type => [type.name, type]))
// Later rows must not replace the first of a ClamAV name.
const BY_CLAM_NAME: ReadonlyMap<string, FileType> = new Map(
  [...FILE_TYPES].reverse().map(type => [type.clamType, type]),
)

/** The type of that name. */
export function typeByName(name: FileTypeName): FileType {
  return BY_NAME.get(name)!
}

/** The first type that carries this name of ClamAV's (CL_TYPE_ZIP); undefined for names ClamAV does not know either. */
export function typeByClamName(name: string): FileType | undefined {
  return BY_CLAM_NAME.get(name)
}
