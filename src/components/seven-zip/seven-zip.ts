import type { Component, ComponentContext, ComponentInput, Emission } from '../../scan/index.ts'
import { Extraction } from './extraction.ts'
import type { SevenZipModule } from './module.ts'
import { formatsFor, otherFormats, SEVEN_ZIP_TYPES } from './types.ts'

/** How encryption is called in reports, where that is not the type's own name. */
const ENCRYPTION: Readonly<Record<string, string>> = { '7z': '7zip', '7z-sfx': '7zip', 'rar-sfx': 'rar' }

/**
 * Archives and disk images that 7-Zip opens, which it does as WebAssembly, with a file system in memory.
 * @param load - answers 7-Zip; asked once, when the first archive comes
 */
export function sevenZipComponent(load: () => Promise<SevenZipModule>): Component {
  let module: Promise<SevenZipModule> | undefined
  return {
    manifest: {
      name: 'seven-zip',
      version: '1',
      description: 'Takes apart what 7-Zip opens: 7z, RAR, CAB, ARJ, LHA, disk images, installers',
      accepts: SEVEN_ZIP_TYPES,
      stage: 'extract',
      options: [
        {
          name: 'windowBytes',
          type: 'integer',
          default: 128 << 20,
          minimum: 4096,
          text: 'Output that is kept in memory at one time; more of it takes another run over the archive',
        },
      ],
      budget: { timeMs: 120_000, memoryBytes: 1 << 30 },
    },
    async *process(input, context) {
      module ??= load()
      yield* takeApart(await module, input, context)
    },
  }
}

async function* takeApart(
  module: SevenZipModule,
  { bytes, type }: ComponentInput,
  context: ComponentContext,
): AsyncGenerator<Emission> {
  const deadlineMs = performance.now() + context.budget.timeMs
  const extraction = (format: string) => new Extraction({ module, bytes, format, context, deadlineMs })
  const opened: Extraction[] = []
  for (const format of formatsFor(type)) {
    const attempt = extraction(format)
    yield* attempt.all()
    if (!attempt.isOpen) continue
    opened.push(attempt)
    break
  }
  for (const format of otherFormats(type, bytes)) {
    const attempt = extraction(format)
    yield* attempt.all()
    if (attempt.isOpen) opened.push(attempt)
  }
  if (opened.length > 1) {
    const detail = 'It holds two file systems with members of their own'
    yield { emit: 'anomaly', code: 'ambiguous', detail }
  }
  if (opened.length === 0) {
    const detail = 'It cannot be opened: damaged, or of a kind that is not known'
    yield { emit: 'missed', reason: 'malformed', detail }
  }
  if (opened.some(({ isEncrypted }) => isEncrypted))
    yield { emit: 'property', name: 'encrypted', value: ENCRYPTION[type] ?? type }
}
