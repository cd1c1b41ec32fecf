// Entry of the command line.

import { EXIT } from './commands.ts'
import { runCli } from './run.ts'

// A reader that goes away, as `| head` does, ends the output and is no failure worth a trace.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.failed)
  throw error
})
process.exitCode = await runCli(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  environment: process.env,
})
