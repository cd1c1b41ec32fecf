// The host's WebAssembly as this layer uses it; @types/node leaves it to the DOM's library.
declare namespace WebAssembly {
  class Memory {
    constructor(descriptor: { initial: number; maximum?: number; shared?: boolean })
    readonly buffer: ArrayBufferLike
    grow(deltaPages: number): number
  }
  class Module {
    constructor(bytes: ArrayBufferView | ArrayBufferLike)
    static exports(module: Module): readonly { readonly name: string; readonly kind: string }[]
  }
}
