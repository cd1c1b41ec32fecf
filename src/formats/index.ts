// The formats layer: what content is, and the headers of executables as ClamAV computes them. Pure, bounded, and
// without errors: what cannot be read is undefined.
export type { Anomaly, ExecutableLayout, FileType, Section } from './types.ts'
export { identify } from './identify/identify.ts'
export { FILE_TYPES, typeByClamName, typeByName } from './identify/file-types.ts'
export type { FileTypeName } from './identify/file-types.ts'
export { readExecutable } from './executable.ts'
export { carve } from './embedded/carve.ts'
export { isProven } from './embedded/proofs.ts'
export type { Embedded } from './embedded/beginnings.ts'
export { isoTrees } from './iso9660/trees.ts'
export type { IsoFile } from './iso9660/trees.ts'
export { universalSlices } from './macho/universal.ts'
export type { Slice } from './macho/universal.ts'
export * as asar from './asar/asar.ts'
export * as zip from './zip/index.ts'
export { expandSparse, readTar } from './tar/index.ts'
export type { TarMember } from './tar/index.ts'
export { readCpio } from './cpio/index.ts'
export type { CpioMember } from './cpio/index.ts'
export { readAr } from './ar/index.ts'
export {
  decodeCodePage,
  extentPieces,
  isMsiName,
  joinExtents,
  openCompound,
  pathOf,
  readPropertySets,
  streamBytes,
  streamPieces,
  unpackMsiName,
} from './ole2/index.ts'
export type { CompoundFile, DirectoryEntry, OleStream, PropertySet } from './ole2/index.ts'
export { readVbaProject, vbaKeywords, vbaModuleName, vbaSourceOffsets } from './vba/index.ts'
export type { VbaModule } from './vba/index.ts'
export { cutContent, readOleObject, readOlePackage } from './ole-object.ts'
export type { OleObject, OlePackage } from './ole-object.ts'
export { biffRecords, macroSheetText, readWorkbook, RECORD as BIFF_RECORD, workbookFilePass } from './biff/index.ts'
export type { BiffSheet, BiffWorkbook } from './biff/index.ts'
export { readWordHeader, wordDdeCommands } from './word/index.ts'
export type { WordHeader } from './word/index.ts'
export { isEncryptedPresentation, MAX_PRESENTATION_OBJECTS, presentationObjects } from './powerpoint/index.ts'
export type { PresentationObject } from './powerpoint/index.ts'
export { localName, xmlAttributes, xmlDecode, xmlTags, xmlText } from './xml-scan.ts'
export type { XmlTag } from './xml-scan.ts'
export { readRtf, readRtfData, rtfReadings } from './rtf/index.ts'
export type { RtfDocument, RtfSpan } from './rtf/index.ts'
export { oneNoteFiles, oneNotePackage } from './onenote/index.ts'
export { ooxmlMembers, xmlMacroSheetText } from './ooxml/index.ts'
export { isElsewhere, officeFacts } from './office-facts.ts'
export type { ExternalReference, OfficeFacts } from './office-facts.ts'
export { MAX_XML_PARTS, officeXmlParts } from './office-xml-parts.ts'
export { base64Pieces } from './base64-text.ts'
export * from './pdf/index.ts'
export { findBinHex, openingColon, readBinHex } from './binhex/binhex.ts'
export { findBlocks, findRuns } from './text-blocks/text-blocks.ts'
export type { TextBlock } from './text-blocks/text-blocks.ts'
export { decodeBody } from './mail/decode.ts'
export { decodeCharset, decodeWords } from './mail/encoded-words.ts'
export type { TransferEncoding } from './mail/entity.ts'
export { isBlank } from './mail/lines.ts'
export { readMail } from './mail/mail.ts'
export type { MailReading } from './mail/mail.ts'
export type { Leaf } from './mail/message.ts'
export { strayBoundary } from './mail/stray.ts'
export { endOfCms, readCms } from './cms/read.ts'
export { readTnef } from './tnef/tnef.ts'
export type { TnefMessage } from './tnef/tnef.ts'
export { decodeReferences } from './html/characters.ts'
export { decodeDataUrl, findDataUrls } from './html/data-urls.ts'
export type { DataUrl } from './html/data-urls.ts'
export { normaliseHtml } from './html/normalise.ts'
export { isNormalText, normaliseInPlace, normalText, TEXT_FORMS } from './text-normal.ts'
export { readSisPackage } from './sis/index.ts'
export { importTable, readPeResources } from './pe/index.ts'
export type { ImportTable, PeResource } from './pe/index.ts'
export * from './xdp/index.ts'
export * from './lnk/index.ts'
export {
  cabinetBlocks,
  cabinetFiles,
  decodeSetupFile,
  describesFiles,
  isCabinet,
  setupChain,
  setupMsi,
} from './installshield/index.ts'
export type { CabinetFile, SetupFile } from './installshield/index.ts'
export { MAX_PICTURES, officePictures } from './office-art.ts'
export { autoItLines, readAutoIt } from './autoit/index.ts'
export { isPyz, pyInstallerPackages, pyzModules } from './pyinstaller/index.ts'
export type { PyInstallerEntry, PyzModule } from './pyinstaller/index.ts'
export type { AutoItFile } from './autoit/index.ts'
