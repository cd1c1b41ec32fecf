import { buildImage, inspectImage, locateDatabase, verifyImage } from '../../runtime/index.ts'
import type { BuildOutcome, ImageSummary } from '../../runtime/index.ts'
import { EXIT } from '../commands.ts'
import type { Context, Run } from '../commands.ts'
import { CliError } from '../errors.ts'
import { jsonText, writerTo } from '../output.ts'
import { bytesText } from '../progress.ts'
import { visible } from '../../report/index.ts'

/** `lazaret db build OUT PATH…`. */
export const dbBuild: Run = async ({ settings, operands, stdout }) => {
  const [output, ...paths] = operands
  const located = locateDatabase(paths)
  if (located.kind === 'image') {
    throw new CliError('database-mixed', { what: located.path, detail: 'an image is built from signature files' })
  }
  const outcome = buildImage({ files: located.files, output, unwanted: settings.unwanted })
  const summary = inspectImage(output)
  const write = writerTo(stdout)
  if (settings.json) {
    const { problems, elapsedMs } = outcome
    await write(jsonText({ ...factsOf(summary), elapsedMs, ...(settings.report ? { problems } : {}) }))
    return EXIT.clean
  }
  if (settings.report) for (const line of problemLines(outcome)) await write(line)
  await write(`${output}: ${summaryText(summary)}Built in ${(outcome.elapsedMs / 1000).toFixed(1)} s.\n`)
  return EXIT.clean
}

/** `lazaret db info FILE`. */
export const dbInfo: Run = async context => show(context, inspectImage(context.operands[0]), '')

/** `lazaret db verify FILE`. */
export const dbVerify: Run = async context =>
  show(context, await verifyImage(context.operands[0]), 'Every byte is as it was written.\n')

async function show({ settings, operands, stdout }: Context, summary: ImageSummary, verdict: string): Promise<number> {
  const write = writerTo(stdout)
  await write(settings.json ? jsonText(factsOf(summary)) : `${operands[0]}: ${summaryText(summary)}${verdict}`)
  return EXIT.clean
}

function* problemLines({ problems, meta }: BuildOutcome): Generator<string> {
  for (const { file, line, code, message } of problems) yield `${visible(file)}:${line}: ${code}: ${visible(message)}\n`
  const rest = leftOut(meta) - problems.length
  if (rest > 0) yield `and ${rest} more\n`
}

const leftOut = (meta: ImageSummary['meta']): number =>
  Object.values(meta.skipped).reduce((sum, count) => sum + count, 0)

/** What the commands say about an image, for scripts. */
function factsOf({ generation, fileBytes, loadedBytes, meta }: ImageSummary): object {
  const { signatures, allowed, functionalityLevel, sources, skipped } = meta
  return {
    generation,
    bytes: fileBytes,
    loadedBytes,
    signatures,
    allowed,
    functionalityLevel,
    leftOut: leftOut(meta),
    skipped,
    sources,
  }
}

function summaryText(summary: ImageSummary): string {
  const { generation, fileBytes, loadedBytes, meta } = summary
  const lines = [
    `${meta.signatures} signatures, ${meta.allowed} allow-list entries, ${leftOut(meta)} lines left out`,
    `  generation  ${generation}`,
    `  size        ${bytesText(fileBytes)}, of which ${bytesText(loadedBytes)} are loaded`,
    ...meta.sources.map(({ name, signatures, skipped }) => {
      const note = skipped === 0 ? '' : `, ${skipped} left out`
      return `  source      ${visible(name)}: ${signatures} signatures${note}`
    }),
    ...Object.entries(meta.skipped).map(([code, count]) => `  left out    ${code}: ${count}`),
  ]
  return `${lines.join('\n')}\n`
}
