import { Writer } from '../../bytes/index.ts'

// Writes compound files for tests. Not for production.

/** One stream, or a storage where `data` is absent; `path` has `/` between the names. */
export interface Ole2Entry {
  readonly path: string
  readonly data?: Uint8Array
  readonly clsid?: Uint8Array
}

export interface Ole2Recipe {
  readonly entries: readonly Ole2Entry[]
  /** Default 3: sectors of 512 bytes; 4: of 4096. */
  readonly version?: 3 | 4
  readonly rootClsid?: Uint8Array
  /** Entries with these paths are written, but no tree reaches them. */
  readonly orphans?: readonly string[]
}

interface Node {
  readonly name: string
  readonly data: Uint8Array | undefined
  readonly clsid: Uint8Array | undefined
  readonly children: Node[]
  readonly isOrphan: boolean
  id: number
  start: number
}

const FREE = 0xffff_ffff
const END = 0xffff_fffe
const FAT = 0xffff_fffd
const DIFAT = 0xffff_fffc
const CUTOFF = 4096
const MINI = 64

/** A compound file with these entries; streams below 4096 bytes lie in the mini stream. */
export function buildOle2({ entries, version = 3, rootClsid, orphans = [] }: Ole2Recipe): Uint8Array {
  const sectorSize = version === 4 ? 4096 : 512
  const root = nodeOf('Root Entry', undefined, rootClsid, false)
  for (const { path, data, clsid } of entries) insert(root, path.split('/'), data, clsid, orphans.includes(path))
  const nodes = flatten(root)
  const sectors: Uint8Array[] = []
  const fat: number[] = []
  const add = (bytes: Uint8Array): number => {
    if (bytes.length === 0) return END
    const first = fat.length
    for (let at = 0; at < bytes.length; at += sectorSize) {
      const sector = new Uint8Array(sectorSize)
      sector.set(bytes.subarray(at, at + sectorSize))
      sectors.push(sector)
      fat.push(at + sectorSize < bytes.length ? fat.length + 1 : END)
    }
    return first
  }
  const mini = new Writer()
  const miniFat: number[] = []
  for (const node of nodes) {
    if (node.data === undefined) continue
    if (node.data.length >= CUTOFF) node.start = add(node.data)
    else if (node.data.length > 0) {
      node.start = miniFat.length
      const count = Math.ceil(node.data.length / MINI)
      for (let i = 1; i <= count; i++) miniFat.push(i < count ? miniFat.length + 1 : END)
      mini.bytes(node.data).align(MINI)
    }
  }
  const miniStream = mini.finish()
  root.start = add(miniStream)
  const miniFatStart = add(wordsOf(miniFat, sectorSize))
  const directoryStart = add(directoryOf(nodes, miniStream.length, sectorSize))
  const { fatSectors, difatStart, difatCount } = addFat(sectors, fat, sectorSize)
  const out = new Writer()
  out.bytes(Uint8Array.of(0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1)).bytes(new Uint8Array(16))
  out
    .u16(0x3e)
    .u16(version)
    .u16(0xfffe)
    .u16(version === 4 ? 12 : 9)
    .u16(6)
    .bytes(new Uint8Array(6))
  out
    .u32(version === 4 ? Math.ceil((nodes.length * 128) / sectorSize) : 0)
    .u32(fatSectors.length)
    .u32(directoryStart)
  out
    .u32(0)
    .u32(CUTOFF)
    .u32(miniFatStart)
    .u32(Math.ceil((miniFat.length * 4) / sectorSize))
    .u32(difatStart)
  out.u32(difatCount)
  for (let i = 0; i < 109; i++) out.u32(fatSectors[i] ?? FREE)
  out.padTo(sectorSize)
  for (const sector of sectors) out.bytes(sector)
  return out.finish()
}

function nodeOf(name: string, data: Uint8Array | undefined, clsid: Uint8Array | undefined, isOrphan: boolean): Node {
  return { name, data, clsid, children: [], isOrphan, id: 0, start: END }
}

function insert(
  parent: Node,
  [name, ...rest]: readonly string[],
  data: Uint8Array | undefined,
  clsid: Uint8Array | undefined,
  isOrphan: boolean,
): void {
  if (rest.length === 0) {
    parent.children.push(nodeOf(name, data, clsid, isOrphan))
    return
  }
  let folder = parent.children.find(child => child.name === name && child.data === undefined)
  if (folder === undefined) parent.children.push((folder = nodeOf(name, undefined, undefined, false)))
  insert(folder, rest, data, clsid, isOrphan)
}

/** Depth first; numbers them. Children of a storage are in the order of the specification: by length, then by name. */
function flatten(root: Node): readonly Node[] {
  const nodes: Node[] = []
  const visit = (node: Node): void => {
    node.id = nodes.length
    nodes.push(node)
    node.children.sort(
      (a, b) => a.name.length - b.name.length || (a.name.toUpperCase() < b.name.toUpperCase() ? -1 : 1),
    )
    for (const child of node.children) visit(child)
  }
  visit(root)
  return nodes
}

function directoryOf(nodes: readonly Node[], miniSize: number, sectorSize: number): Uint8Array {
  const right = new Map<Node, number>()
  for (const { children } of nodes) {
    const linked = children.filter(child => !child.isOrphan)
    linked.forEach((child, i) => right.set(child, linked[i + 1]?.id ?? FREE))
  }
  const out = new Writer()
  for (const node of nodes) {
    const isRoot = node === nodes[0]
    for (let i = 0; i < 32; i++) out.u16(i < node.name.length ? node.name.charCodeAt(i) : 0)
    out
      .u16(2 * node.name.length + 2)
      .u8(isRoot ? 5 : node.data === undefined ? 1 : 2)
      .u8(1)
    out
      .u32(FREE)
      .u32(right.get(node) ?? FREE)
      .u32(node.children.find(child => !child.isOrphan)?.id ?? FREE)
    out.bytes(node.clsid ?? new Uint8Array(16)).bytes(new Uint8Array(20))
    out.u32(node.data === undefined && !isRoot ? 0 : node.start)
    out.u64(isRoot ? miniSize : (node.data?.length ?? 0))
  }
  while (out.length % sectorSize !== 0)
    out.bytes(new Uint8Array(68)).u32(FREE).u32(FREE).u32(FREE).bytes(new Uint8Array(48))
  return out.finish()
}

function wordsOf(words: readonly number[], sectorSize: number): Uint8Array {
  if (words.length === 0) return new Uint8Array(0)
  const out = new Writer()
  for (const word of words) out.u32(word)
  while (out.length % sectorSize !== 0) out.u32(FREE)
  return out.finish()
}

function addFat(sectors: Uint8Array[], fat: number[], sectorSize: number) {
  const perSector = sectorSize / 4
  let fatCount = 1
  let difatCount = 0
  while (fatCount * perSector < fat.length + fatCount + difatCount) {
    fatCount++
    difatCount = Math.ceil(Math.max(0, fatCount - 109) / (perSector - 1))
  }
  const difatStart = difatCount === 0 ? END : fat.length
  for (let i = 0; i < difatCount; i++) fat.push(DIFAT)
  const fatSectors = Array.from({ length: fatCount }, (_, i) => fat.length + i)
  for (let i = 0; i < fatCount; i++) fat.push(FAT)
  for (let i = 0; i < difatCount; i++) {
    const out = new Writer()
    for (let k = 0; k < perSector - 1; k++) out.u32(fatSectors[109 + i * (perSector - 1) + k] ?? FREE)
    sectors.push(out.u32(i + 1 < difatCount ? difatStart + i + 1 : END).finish())
  }
  const bytes = wordsOf(fat, sectorSize)
  for (let at = 0; at < bytes.length; at += sectorSize) sectors.push(bytes.subarray(at, at + sectorSize))
  return { fatSectors, difatStart, difatCount }
}
