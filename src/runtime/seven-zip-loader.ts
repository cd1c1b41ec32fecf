import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import SevenZip from '7z-wasm/7zz.es6.js'
import type { SevenZipModule } from '../components/index.ts'

// Loads 7-Zip as WebAssembly. Its code is read once, before a sandbox closes, and each run gets an instance of its own.

/** Beside the bundle; as source, in the package. */
const WASM = '7zz.wasm'

/** Compiled code of 7-Zip. @throws where it is neither beside this file nor in node_modules */
export async function readSevenZipCode(): Promise<Uint8Array<ArrayBuffer>> {
  const here = dirname(fileURLToPath(import.meta.url))
  try {
    return new Uint8Array(await readFile(join(here, WASM)))
  } catch {
    const inPackage = createRequire(import.meta.url).resolve('7z-wasm/7zz.es6.js')
    return new Uint8Array(await readFile(join(dirname(inPackage), WASM)))
  }
}

/**
 * 7-Zip for the component `seven-zip`. Needs neither files nor code from strings once it has `code`.
 * Cost: compiling takes some 10 ms, each instance some 5 ms and 16 MiB.
 */
export async function loadSevenZip(code: Uint8Array<ArrayBuffer>): Promise<SevenZipModule> {
  const module = await WebAssembly.compile(code)
  forbidHostFiles()
  return {
    async instantiate(memoryBytes, print) {
      let memory: WebAssembly.Memory | undefined
      let isRefused = false
      const instance = await SevenZip({
        instantiateWasm: (imports, done) => {
          void WebAssembly.instantiate(module, imports).then(made => {
            memory = Object.values(made.exports).find(value => value instanceof WebAssembly.Memory)
            if (memory !== undefined) limit(memory, memoryBytes, () => (isRefused = true))
            done(made, module)
          })
          return {}
        },
        print,
        printErr: print,
        stdin: () => null,
        // Otherwise the exit code of 7-Zip becomes that of this process.
        quit: (_, toThrow) => {
          throw toThrow
        },
      })
      return {
        FS: instance.FS,
        run: argv => runMain(() => instance.callMain([...argv])),
        wasRefusedMemory: () => isRefused,
      }
    },
  }
}

/** A number is an exception of 7-Zip's own, which this build cannot; a RuntimeError is a trap of its code. */
function runMain(main: () => number): number | undefined {
  try {
    return main()
  } catch (error) {
    if (typeof error === 'number' || error instanceof WebAssembly.RuntimeError) return undefined
    throw error
  }
}

const PAGE = 64 << 10

/** Growing beyond `limitBytes` fails as if the host had no more. */
function limit(memory: WebAssembly.Memory, limitBytes: number, onRefused: () => void): void {
  const grow = memory.grow.bind(memory)
  memory.grow = pages => {
    if (memory.buffer.byteLength + pages * PAGE <= limitBytes) return grow(pages)
    onRefused()
    throw new RangeError('7-Zip may not have more memory')
  }
}

/**
 * Emscripten asks Node for constants of the host's file system, which is never mounted; where permissions are
 * restricted the question alone is an error.
 */
function forbidHostFiles(): void {
  if (process.permission === undefined) return
  Object.assign(process, { binding: () => ({ fs: {} }) })
}
