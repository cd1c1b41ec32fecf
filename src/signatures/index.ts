export {
  compileDatabase,
  MAX_PROBLEMS,
  type CompileOptions,
  type CompileResult,
  type DatabaseSource,
} from './compile/compiler.ts'
export type { ChecksumPort } from './compile/image-writer.ts'
export { DATABASE_EXTENSIONS, databaseKind } from './language/databases.ts'
export { DIGEST_BYTES, DIGESTS, type DigestName, type HashKind } from './language/ir.ts'
export { ANY_SIZE } from './language/lines.ts'
export { FUNCTIONALITY_LEVEL } from './language/conditions.ts'
export { PROBLEMS, type Problem, type ProblemCode } from './language/problems.ts'
export {
  CONTENT_RECORD_BYTES,
  DISTANCE_BIAS,
  ENTRY_WORDS,
  HASH_RECORD_TAIL_BYTES,
  HEADER_BYTES,
  IMAGE_FORMAT,
  IMAGE_MAGIC,
  hashPair,
  hashWindow,
  passesFilter,
  NO_CONDITIONS,
  UNKNOWN_DISTANCE,
  PATTERN_ANCHORED,
  SECTION_ENTRY_BYTES,
  SIGNATURE,
  sizeBit,
  type HashSetMeta,
  type ImageMeta,
  type TableMeta,
} from './image/layout.ts'
export {
  IMAGE_ERRORS,
  ImageError,
  openImage,
  readImageHeader,
  type AnchorTableView,
  type DatabaseImage,
  type HashSetView,
  type ImageErrorCode,
  type ImageHeader,
} from './image/open.ts'
export { ColdStore, type HashRecordView, type ReadPort, type SignatureOrigin } from './image/cold.ts'
export {
  BOUNDARY_KINDS,
  COMPARISONS,
  CONDITION,
  LOGIC,
  OFFSET_BYTES,
  OFFSET_KINDS,
  OP,
  OPEN_END,
  PART_HEADER_BYTES,
  PART_VARIABLE,
} from './image/program.ts'
