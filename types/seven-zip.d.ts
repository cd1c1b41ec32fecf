// The package's own types leave out what the loader needs, and describe its other build.
declare module '7z-wasm/7zz.es6.js' {
  interface Options {
    instantiateWasm(
      imports: Record<string, Record<string, unknown>>,
      done: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void,
    ): object
    print(line: string): void
    printErr(line: string): void
    stdin(): null
    quit(code: number, toThrow: Error): never
  }
  /** `FS`: Emscripten's file system in memory. */
  export default function SevenZip(options: Options): Promise<{ readonly FS: never; callMain(argv: string[]): number }>
}
