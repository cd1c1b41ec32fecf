import { COMPONENTS, sevenZipComponent } from '../../components/index.ts'
import type { Component } from '../../scan/index.ts'
import { loadSevenZip, readSevenZipCode } from '../seven-zip-loader.ts'

// What a sandbox child can run: every component of the registry, and those that need something of the host, such as the
// file of a WebAssembly library. That is read when the first artifact asks for it, and not at the start, so that a child
// that never meets such an artifact does not pay; it must be named in `readable` of sandboxTarget (launch.ts).

let code: Promise<Uint8Array<ArrayBuffer>> | undefined

const WIRED: readonly Component[] = [sevenZipComponent(async () => loadSevenZip(await (code ??= readSevenZipCode())))]

/** Every component by name, ready to run. */
export const sandboxComponents = (): ReadonlyMap<string, Component> =>
  new Map([...COMPONENTS, ...WIRED].map(component => [component.manifest.name, component]))
