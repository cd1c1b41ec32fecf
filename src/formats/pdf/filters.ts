import { ContentError } from '../../bytes/index.ts'
import {
  ascii85Decode,
  asciiHexDecode,
  collected,
  lzwDecode,
  runLengthDecode,
  unpredict,
  zlibInflate,
} from '../../codecs/index.ts'
import type { Collected } from '../../codecs/index.ts'
import { isArray, isDictionary, nameOf } from './values.ts'
import type { PdfDictionary, PdfValue } from './values.ts'

// Chains of filters. Pieces go from filter to filter; only Flate and LZW behind another filter need what came before
// as a whole. Source: ISO 32000-1, 7.4.

/** Real files have one or two. */
const MAX_FILTERS = 16
/** What one filter may hand to Flate or LZW behind it. */
const MAX_BETWEEN_BYTES = 64 << 20

/** Follows references; undefined where nothing is there. */
export type Resolve = (value: PdfValue | undefined) => PdfValue | undefined

export interface FilterStep {
  /** Full name. */
  readonly name: string
  readonly parameters: PdfDictionary
}

const ABBREVIATIONS = new Map([
  ['AHx', 'ASCIIHexDecode'],
  ['A85', 'ASCII85Decode'],
  ['LZW', 'LZWDecode'],
  ['Fl', 'FlateDecode'],
  ['RL', 'RunLengthDecode'],
  ['CCF', 'CCITTFaxDecode'],
  ['DCT', 'DCTDecode'],
])

/** Filters whose data is the content: an image that other programs read. */
export const IMAGE_FILTERS: ReadonlyMap<string, string> = new Map([
  ['DCTDecode', '.jpg'],
  ['JPXDecode', '.jp2'],
  ['CCITTFaxDecode', '.g4'],
  ['JBIG2Decode', '.jb2'],
])

const NO_PARAMETERS: PdfDictionary = new Map()

/** The filters of a stream, first one first. @throws ContentError too-large beyond MAX_FILTERS */
export function filtersOf(dictionary: PdfDictionary, resolve: Resolve): readonly FilterStep[] {
  const filters = listOf(resolve(dictionary.get('Filter') ?? dictionary.get('F')))
  const parameters = listOf(resolve(dictionary.get('DecodeParms') ?? dictionary.get('DP')))
  if (filters.length > MAX_FILTERS) throw new ContentError('too-large', `More than ${MAX_FILTERS} filters`)
  return filters.flatMap((filter, i) => {
    const found = resolve(filter)
    if (found === undefined || found === null) return []
    const name = nameOf(found)
    if (name === undefined) throw new ContentError('malformed', 'A filter that is no name')
    const given = resolve(parameters[i])
    return [{ name: ABBREVIATIONS.get(name) ?? name, parameters: isDictionary(given) ? given : NO_PARAMETERS }]
  })
}

const listOf = (value: PdfValue | undefined): readonly PdfValue[] =>
  isArray(value) ? value : value === undefined || value === null ? [] : [value]

/** Less than this behind the end of compressed data is padding. */
const MIN_REST_BYTES = 16
/** Takes what stands behind the end of compressed data; borrowed. */
export type TakeRest = (rest: Uint8Array) => void

/**
 * The content of a stream: borrowed pieces. Ends before the first image filter.
 * @throws ContentError in the middle: of a decoder, or unsupported for an unknown filter
 */
export function applyFilters(
  data: Uint8Array,
  steps: readonly FilterStep[],
  resolve: Resolve,
  takeRest: TakeRest = () => {},
): Iterable<Uint8Array> {
  let source: Iterable<Uint8Array> = [data]
  for (const { name, parameters } of steps) {
    if (IMAGE_FILTERS.has(name)) return source
    source = applied(name, source, key => integerOf(resolve(parameters.get(key))), takeRest)
  }
  return source
}

const integerOf = (value: PdfValue | undefined): number | undefined =>
  typeof value === 'number' && Number.isInteger(value) ? value : undefined

function applied(
  name: string,
  source: Iterable<Uint8Array>,
  parameter: (key: string) => number | undefined,
  takeRest: TakeRest,
): Iterable<Uint8Array> {
  switch (name) {
    case 'FlateDecode':
      return predicted(flate(source, takeRest), parameter)
    case 'LZWDecode':
      return predicted(lzw(source, parameter('EarlyChange') !== 0, takeRest), parameter)
    case 'ASCIIHexDecode':
      return asciiHexDecode(source)
    case 'ASCII85Decode':
      return ascii85Decode(source)
    case 'RunLengthDecode':
      return runLengthDecode(source)
    case 'Crypt':
      return source
    default:
      return unknown(source)
  }
}

function predicted(source: Iterable<Uint8Array>, parameter: (key: string) => number | undefined): Iterable<Uint8Array> {
  const predictor = parameter('Predictor') ?? 1
  if (predictor !== 2 && (predictor < 10 || predictor > 15)) return source
  return unpredict(source, {
    predictor,
    colors: parameter('Colors') ?? 1,
    bitsPerComponent: parameter('BitsPerComponent') ?? 8,
    columns: parameter('Columns') ?? 1,
  })
}

function* flate(source: Iterable<Uint8Array>, takeRest: TakeRest): Generator<Uint8Array, void, void> {
  const { bytes, fault } = whole(source)
  // Some writers leave an end of line in front of the data.
  let start = 0
  while (start < 2 && (bytes[start] === 0x0d || bytes[start] === 0x0a)) start++
  if (bytes.length === start) return
  const end = yield* zlibInflate(bytes, start)
  if (bytes.length - end >= MIN_REST_BYTES) takeRest(bytes.subarray(end))
  if (fault !== undefined) throw fault
}

function* lzw(source: Iterable<Uint8Array>, isEarly: boolean, takeRest: TakeRest): Generator<Uint8Array, void, void> {
  const { bytes, fault } = whole(source)
  const end = yield* lzwDecode(bytes, 0, isEarly)
  if (bytes.length - end >= MIN_REST_BYTES) takeRest(bytes.subarray(end))
  if (fault !== undefined) throw fault
}

/** All of it, or what there is before a fault or MAX_BETWEEN_BYTES. */
function whole(source: Iterable<Uint8Array>): Pick<Collected, 'bytes' | 'fault'> {
  return isArrayOfOne(source) ? { bytes: source[0], fault: undefined } : wholeOf(source, MAX_BETWEEN_BYTES)
}

/** All of it, or what there is before a fault or a limit. */
export function wholeOf(source: Iterable<Uint8Array>, maxBytes: number): Collected {
  return collected(asDecoder(source), maxBytes)
}

const isArrayOfOne = (source: Iterable<Uint8Array>): source is readonly [Uint8Array] =>
  Array.isArray(source) && source.length === 1

function* asDecoder(source: Iterable<Uint8Array>): Generator<Uint8Array, number, void> {
  yield* source
  return 0
}

function* unknown(source: Iterable<Uint8Array>): Generator<Uint8Array, void, void> {
  yield* source
  throw new ContentError('unsupported', 'A filter that is not known; its input is the content')
}
