// What the compiler cannot see of the layers: no cycles between files (types alone make none); a layer is entered
// through its index.ts, or its limits.ts, which holds tables and loads nothing; neighbours in formats/, components/ and services/ do not know each other. Tests are left out.
// A script of our own, because dependency-cruiser needs the API of a compiler before TypeScript 7.

import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** Static imports and re-exports, of types only or not, and dynamic imports of a literal. */
const IMPORT = /\b(?:import|export)\s+(?<type>type\s+)?(?:[\w*{},$\s]+\sfrom\s+)?'(?<target>\.[^']+\.ts)'/g
const DYNAMIC_IMPORT = /\bimport\('(?<target>\.[^']+\.ts)'\)/g
/** Layers whose folders are neighbours that must not know each other. */
const SPLIT_LAYERS = new Set(['formats', 'services', 'components'])
/** This one tells the formats apart, so it may ask each of them. */
const RECOGNISER = 'identify'
const TEST = /\.(test|fuzz)\.ts$|\/(testing|testdata)[./]|\/build(-\w+)?\.ts$/

interface Import {
  readonly target: string
  readonly typeOnly: boolean
}
type Graph = ReadonlyMap<string, readonly Import[]>

function readGraph(): Graph {
  const graph = new Map<string, Import[]>()
  for (const path of globSync('src/**/*.ts', { cwd: ROOT })) {
    if (TEST.test(path) || path.endsWith('.d.ts')) continue
    const text = readFileSync(join(ROOT, path), 'utf8')
    const matches = [...text.matchAll(IMPORT), ...text.matchAll(DYNAMIC_IMPORT)]
    graph.set(
      path,
      matches.map(({ groups }) => ({
        target: normalize(join(dirname(path), groups?.target ?? '')),
        typeOnly: groups?.type !== undefined,
      })),
    )
  }
  return graph
}

/** `src/services/native/x.ts` → layer `services`, folder `native`. */
function placeOf(path: string): { layer: string; folder: string | undefined } {
  const [, layer, folder, file] = path.split('/')
  return { layer, folder: file === undefined ? undefined : folder }
}

function* wrongDoors(graph: Graph): Generator<string> {
  for (const [path, targets] of graph) {
    const from = placeOf(path)
    for (const { target } of targets) {
      const to = placeOf(target)
      if (from.layer !== to.layer) {
        const door =
          to.layer === 'services' ? /^src\/services\/\w+\/(index|limits)\.ts$/ : /^src\/\w+\/(index|limits)\.ts$/
        if (!door.test(target)) yield `${path} enters ${to.layer} by ${target}: import its index.ts`
      } else if (SPLIT_LAYERS.has(to.layer) && areNeighbours(from.folder, to.folder)) {
        yield `${path} knows its neighbour ${target}: move what both need beside their folders`
      }
    }
  }
}

const areNeighbours = (one: string | undefined, other: string | undefined): boolean =>
  one !== undefined && other !== undefined && one !== other && one !== RECOGNISER

/** Depth-first; a file that is met again while it is still open closes a cycle. */
function* cycles(graph: Graph): Generator<string> {
  const done = new Set<string>()
  const open: string[] = []
  const visit = function* (path: string): Generator<string> {
    const at = open.indexOf(path)
    if (at >= 0) yield `cycle: ${[...open.slice(at), path].join(' → ')}`
    if (at >= 0 || done.has(path)) return
    open.push(path)
    for (const { target, typeOnly } of graph.get(path) ?? []) if (!typeOnly) yield* visit(target)
    open.pop()
    done.add(path)
  }
  for (const path of graph.keys()) yield* visit(path)
}

const graph = readGraph()
const complaints = [...wrongDoors(graph), ...cycles(graph)]
for (const complaint of complaints) console.error(complaint)
const imports = [...graph.values()].reduce((sum, targets) => sum + targets.length, 0)
console.error(`check-imports: ${graph.size} files, ${imports} imports, ${complaints.length} complaints`)
process.exitCode = complaints.length === 0 ? 0 : 1
