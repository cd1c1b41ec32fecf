import { bytesOf, Writer } from '../../bytes/index.ts'

// Writes VBA projects for tests. Not for production.

export interface VbaRecipeModule {
  readonly name: string
  readonly source: string
  /** Default: a module of procedures. */
  readonly isClass?: boolean
  /** What stands before the source: compiled code. */
  readonly compiled?: Uint8Array
}

/** Compresses with literals only; chunks of 3600 bytes. */
export function ovbaStored(data: Uint8Array): Uint8Array {
  const out = new Writer().u8(1)
  for (let at = 0; at < data.length; at += 3600) {
    const chunk = new Writer()
    const part = data.subarray(at, at + 3600)
    for (let i = 0; i < part.length; i += 8) chunk.u8(0).bytes(part.subarray(i, i + 8))
    out.u16(0xb000 | (chunk.length + 2 - 3)).bytes(chunk.finish())
  }
  return out.finish()
}

/** Source of a module as the editor writes it, with its attributes. */
export const moduleSource = ({ name, source }: VbaRecipeModule): Uint8Array =>
  bytesOf(`Attribute VB_Name = "${name}"\r\n${source}`)

/** Streams of a project by their paths below `folder`. */
export function buildVba(
  folder: string,
  modules: readonly VbaRecipeModule[],
): { readonly path: string; readonly data: Uint8Array }[] {
  const dir = new Writer()
  const record = (id: number, data: Uint8Array): void => void dir.u16(id).u32(data.length).bytes(data)
  const number = (id: number, size: number, value: number): void => record(id, new Writer().uint(size, value).finish())
  /** A text, then the same in UTF-16. */
  const twice = (id: number, wideId: number, text: string): void => {
    record(id, bytesOf(text))
    record(
      wideId,
      bytesOf(
        text
          .split('')
          .map(character => `${character}\0`)
          .join(''),
      ),
    )
  }
  number(0x0001, 4, 1)
  number(0x0002, 4, 0x409)
  number(0x0014, 4, 0x409)
  number(0x0003, 2, 1252)
  record(0x0004, bytesOf('Project'))
  twice(0x0005, 0x0040, '')
  twice(0x0006, 0x003d, '')
  number(0x0007, 4, 0)
  number(0x0008, 4, 0)
  dir.u16(0x0009).u32(4).u32(1).u16(2)
  twice(0x000c, 0x003c, '')
  number(0x000f, 2, modules.length)
  number(0x0013, 2, 0xffff)
  for (const { name, isClass = false, compiled } of modules) {
    twice(0x0019, 0x0047, name)
    twice(0x001a, 0x0032, name)
    twice(0x001c, 0x0048, '')
    number(0x0031, 4, compiled?.length ?? 0)
    number(0x001e, 4, 0)
    number(0x002c, 2, 0xffff)
    record(isClass ? 0x0022 : 0x0021, new Uint8Array(0))
    record(0x002b, new Uint8Array(0))
  }
  record(0x0010, new Uint8Array(0))
  return [
    { path: `${folder}/VBA/dir`, data: ovbaStored(dir.finish()) },
    { path: `${folder}/VBA/_VBA_PROJECT`, data: bytesOf('\xcc\x61\xff\xff') },
    ...modules.map(module => ({
      path: `${folder}/VBA/${module.name}`,
      data: new Writer()
        .bytes(module.compiled ?? new Uint8Array(0))
        .bytes(ovbaStored(moduleSource(module)))
        .finish(),
    })),
  ]
}
