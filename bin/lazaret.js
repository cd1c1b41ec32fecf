#!/usr/bin/env node
// Typed by hand, this file may run under whatever Node the machine has. The product needs Node 24, which lies in
// node_modules: start that one, unless this is already it. Plain JavaScript, as Node 20 understands it.

import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import * as module from 'node:module'
import { homedir, constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const MINIMUM_MAJOR = 24
const FORWARDED_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2']
const bundle = fileURLToPath(new URL('../dist/lazaret.js', import.meta.url))

function fail(message) {
  process.stderr.write(`lazaret: ${message}\n`)
  process.exit(2)
}

/** Path of the Node that came with the package for this machine, or undefined where none was installed. */
function packagedNode() {
  const platform = process.platform === 'win32' ? 'win' : process.platform
  const name = `node-${platform}-${process.arch}`
  try {
    const manifest = module.createRequire(import.meta.url).resolve(`${name}/package.json`)
    const path = join(dirname(manifest), 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
    return existsSync(path) ? path : undefined
  } catch {
    return undefined
  }
}

/** Starts the packaged Node in this one's place: same terminal, same signals, same exit code. */
function startWith(node) {
  const child = spawn(node, [bundle, ...process.argv.slice(2)], { stdio: 'inherit' })
  for (const signal of FORWARDED_SIGNALS) process.on(signal, () => child.kill(signal))
  child.on('error', error => fail(`could not start ${node}: ${error.message}`))
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)))
}

// Compiled code is kept for the next start, here and in every process started from here, in a directory of the user's
// own: it must not come from where others can write.
process.env.NODE_COMPILE_CACHE ||= join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'lazaret', 'code')

if (!existsSync(bundle)) {
  fail(`${bundle} is missing. In a checkout, build it first: npm ci && npm run build`)
} else if (Number(process.versions.node.split('.')[0]) >= MINIMUM_MAJOR) {
  module.enableCompileCache(process.env.NODE_COMPILE_CACHE)
  await import(new URL('../dist/lazaret.js', import.meta.url).href)
} else {
  const node = packagedNode()
  if (node === undefined) {
    fail(
      `needs Node ${MINIMUM_MAJOR} or newer, this is ${process.versions.node}, and the packaged one is not installed. ` +
        'Run npm ci without --omit=optional, or start it with a newer node.',
    )
  } else {
    startWith(node)
  }
}
