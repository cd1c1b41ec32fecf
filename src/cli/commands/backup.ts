import { createReadStream, createWriteStream } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { BackupError, backupLines, restoreLines } from '../../store/index.ts'
import { EXIT } from '../commands.ts'
import type { Run } from '../commands.ts'
import { prepareDataDirectory } from '../data.ts'
import { CliError, detailOf } from '../errors.ts'
import { existingDatabase, newDatabase, storeOf, unusable } from '../ledger.ts'

// `lazaret backup` and `lazaret restore`: the ledger as lines of JSON, deflated.

export const backup: Run = async ({ settings, operands: [path], stdout }) => {
  await (await existingDatabase(settings)).close()
  const temporary = `${path}.${process.pid}.part`
  let lines = 0
  const counted = async function* (): AsyncGenerator<string> {
    for await (const line of backupLines(storeOf(settings))) {
      lines++
      yield `${line}\n`
    }
  }
  try {
    await pipeline(
      Readable.from(counted()),
      createGzip({ level: 4 }),
      createWriteStream(temporary, { mode: 0o600, flush: true }),
    )
    await rename(temporary, path)
    await syncFolder(dirname(path))
  } catch (error) {
    await rm(temporary, { force: true })
    const isOurs = (error as NodeJS.ErrnoException).path === temporary
    throw isOurs
      ? new CliError('file-unwritable', { what: path, detail: detailOf(error) })
      : unusable(storeOf(settings), error)
  }
  stdout.write(`The ledger was written to ${path}: ${lines} lines\n`)
  return EXIT.clean
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

export const restore: Run = async ({ settings, operands: [path], stdout }) => {
  await prepareDataDirectory(settings.data)
  const input = createReadStream(path)
  const opened = new Promise<void>((resolve, reject) => input.once('open', () => resolve()).once('error', reject))
  try {
    await opened
  } catch (error) {
    throw new CliError('file-unreadable', { what: path, detail: detailOf(error) }, { cause: error })
  }
  const database = await newDatabase(settings)
  try {
    const rows = await restoreLines(database, unpacked(input))
    stdout.write(`The ledger was restored from ${path}: ${rows} rows\n`)
    return EXIT.clean
  } catch (error) {
    if (!(error instanceof BackupError) && !(error as NodeJS.ErrnoException).code?.startsWith('Z_'))
      throw unusable(storeOf(settings), error)
    throw new CliError('backup-unusable', { what: path, detail: detailOf(error) }, { cause: error })
  } finally {
    await database.close()
  }
}

/** Lines of a deflated file; rejects where the file or its packing is broken. */
async function* unpacked(input: Readable): AsyncGenerator<string> {
  const packed = createGunzip()
  // The reader hears of a failure too: both streams end with it.
  const done = pipeline(input, packed).catch(() => {})
  packed.setEncoding('utf8')
  let rest = ''
  for await (const chunk of packed as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  await done
  if (rest !== '') yield rest
}
