import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { crc32 } from 'node:zlib'
import { FILE_TYPES } from '../../formats/index.ts'
import { CONTENT_MARGIN_BYTES, createKernel, createReferenceKernel, KERNEL_OUT_BYTES } from '../../match/index.ts'
import { ColdStore, compileDatabase, openImage, readImageHeader, type CompileResult } from '../../signatures/index.ts'
import type { EnginePorts, EngineThread } from '../engine-thread.ts'
import type { Component } from '../component.ts'
import { createEngineThread } from '../pipeline.ts'
import { TREE_LIMITS, type TreeLimits } from '../limits.ts'
import type { Unpacker } from '../unpacker.ts'
import { inProcessUnpacker } from './unpacker.ts'

// Makes an engine thread over signatures that are given as text. For tests of every layer above.

const WINDOW_BYTES = 1 << 20
const KERNEL = fileURLToPath(new URL('../../../dist/kernel.wasm', import.meta.url))
const PAGE_BYTES = 65_536

export const NODE_PORTS: EnginePorts = {
  digest: (name, bytes) => createHash(name).update(bytes).digest(),
  now: () => new Date(0).toISOString(),
}

export function compileTexts(files: Readonly<Record<string, string>>, unwanted = false): CompileResult {
  const sources = Object.entries(files).map(([name, text]) => ({ name, read: () => Buffer.from(text) }))
  return compileDatabase(sources, {
    knownTypes: new Set(['CL_TYPE_ANY', ...FILE_TYPES.map(type => type.clamType)]),
    unwanted,
    ports: {
      crc32,
      md5: bytes => createHash('md5').update(bytes).digest(),
      sha256: chunks => chunks.reduce((hash, chunk) => hash.update(chunk), createHash('sha256')).digest(),
    },
  })
}

export interface TestEngine {
  readonly thread: EngineThread
  readonly compiled: CompileResult
}

export interface TestEngineOptions {
  readonly windowBytes?: number
  readonly kernel?: 'wasm' | 'reference'
  readonly unwanted?: boolean
  /** What takes content apart; absent: nothing. */
  readonly components?: readonly Component[]
  /** Something else that does so. */
  readonly unpacker?: Unpacker
  readonly limits?: Partial<TreeLimits>
}

/** @param windowBytes - small ones make content go through the window in pieces */
export function testEngine(
  files: Readonly<Record<string, string>>,
  {
    windowBytes = WINDOW_BYTES,
    kernel = 'wasm',
    unwanted = false,
    components,
    unpacker,
    limits,
  }: TestEngineOptions = {},
): TestEngine {
  const compiled = compileTexts(files, unwanted)
  const bytes = Buffer.concat(compiled.chunks)
  const header = readImageHeader(bytes)
  const outAt = Math.ceil(header.hotBytes / 64) * 64
  const windowAt = outAt + KERNEL_OUT_BYTES + CONTENT_MARGIN_BYTES
  const pages = Math.ceil((windowAt + windowBytes + CONTENT_MARGIN_BYTES) / PAGE_BYTES)
  const memory = new WebAssembly.Memory({ initial: pages, maximum: 65_536, shared: true })
  new Uint8Array(memory.buffer).set(bytes.subarray(0, header.hotBytes))
  const image = openImage(memory.buffer, 0, header, crc32)
  const cold = new ColdStore(image, (offset, length) => bytes.subarray(offset, offset + length), crc32)
  const window = new Uint8Array(memory.buffer, windowAt, windowBytes)
  const useWasm = kernel === 'wasm' && existsSync(KERNEL)
  const thread = createEngineThread({
    image,
    cold,
    window,
    ports: NODE_PORTS,
    version: 'test',
    ...(components === undefined ? {} : { unpacker: inProcessUnpacker(components) }),
    ...(unpacker === undefined ? {} : { unpacker }),
    limits: { ...TREE_LIMITS, ...limits },
    kernel: useWasm
      ? createKernel(new WebAssembly.Module(readFileSync(KERNEL)), { memory, windowAt, outAt })
      : createReferenceKernel(window),
  })
  return { thread, compiled }
}

/** Names of all detections, sorted, without the suffix. */
export function detectedNames(engine: TestEngine, content: Uint8Array, allMatches = true): string[] {
  const report = engine.thread.scan({ name: 'test', content, allMatches, deadlineMs: performance.now() + 60_000 })
  const names = report.artifacts.flatMap(artifact => artifact.detections.map(detection => detection.name))
  return [...new Set(names.map(name => name.replace(/\.UNOFFICIAL$/, '')))].sort()
}
