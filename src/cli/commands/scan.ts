import { createWriter } from '../../report/index.ts'
import type { ScanOptions } from '../../scan/index.ts'
import { chooseBackend, serverError } from '../backends.ts'
import { EXIT } from '../commands.ts'
import type { Context, Run } from '../commands.ts'
import { nativeSocket } from '../data.ts'
import { conflict } from '../errors.ts'
import { countItems, itemsOf } from '../files.ts'
import { wantsColour, writerTo } from '../output.ts'
import { createProgress, newMeter, newTotal } from '../progress.ts'
import { onStopSignal } from '../signals.ts'
import { exitCodeOf, runScan } from '../scan-run.ts'

/** `lazaret scan PATH…`. */
export const scan: Run = async context => {
  const { settings, operands, given, stdout, stderr } = context
  if (settings.local && settings.server !== undefined) throw conflict('local', 'server')
  if (settings.json && given.has('format') && settings.format !== 'json') throw conflict('json', 'format')
  const format = settings.json ? 'json' : settings.format
  const stop = new AbortController()
  const release = onStopSignal(() => stop.abort())
  const backend = await chooseBackend(settings, given)
  try {
    const meter = newMeter()
    const total = newTotal()
    const progress = createProgress(stderr, meter, total)
    if (stderr.isTTY === true) void countItems(operands, total, stop.signal)
    const write = writerTo(stdout)
    const { summary, failure } = await runScan(itemsOf(operands, stop.signal), {
      backend,
      options: scanOptions(context),
      jobs: settings.jobs,
      writer: createWriter(format, { colour: wantsColour(stdout) }),
      // Where results and the bar share a screen, the bar yields to each line.
      write: text => {
        if (stdout.isTTY === true) progress.clear()
        return write(text)
      },
      meter,
      stdin: process.stdin,
      signal: stop.signal,
    }).finally(() => progress.stop())
    if (failure !== undefined) throw serverError(settings.server ?? `unix:${nativeSocket(settings.data)}`, failure)
    const code = exitCodeOf(summary)
    // Nothing that was not looked at is clean, and after an interruption something was not.
    return stop.signal.aborted && code === EXIT.clean ? EXIT.failed : code
  } finally {
    stop.abort()
    release()
    await backend.close()
  }
}

function scanOptions({ settings, given }: Context): ScanOptions {
  const { allMatches, password } = settings
  const passwords = password.length === 0 ? {} : { passwords: password }
  // Without a wish for this run the limit of whoever scans holds.
  const time = given.get('maxTime') === 'flag' ? { maxTimeMs: settings.maxTime * 1000 } : {}
  return { allMatches, ...passwords, ...time }
}
