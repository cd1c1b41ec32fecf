import { COMPONENTS } from '../../components/index.ts'
import type { Component } from '../../scan/index.ts'

// What a sandbox child can run: every component of the registry, and here those that need something of the host, such
// as the file of a WebAssembly library. The host's part is made when the first artifact asks for it, and not at the
// start, so that a child that never meets such an artifact does not pay. A file that is read then must be named in
// `readable` of sandboxTarget (launch.ts).
//
//   const WIRED: readonly (() => Component)[] = [() => sevenZipComponent(loadWasm('7z.wasm'))]

const WIRED: readonly Component[] = []

/** By name. A component that is wired here takes the place of the registry's of the same name. */
export const sandboxComponents = (): ReadonlyMap<string, Component> =>
  new Map([...COMPONENTS, ...WIRED].map(component => [component.manifest.name, component]))
