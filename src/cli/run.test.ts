import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { runCli } from './run.ts'

const packageFile = new URL('../../package.json', import.meta.url)
const packageJson = JSON.parse(readFileSync(packageFile, 'utf8')) as { version: string }

async function run(...words: string[]) {
  const out: string[] = []
  const err: string[] = []
  const stream = (into: string[]) => ({ write: (text: string) => into.push(text) > 0 }) as unknown as NodeJS.WriteStream
  const code = await runCli(words, {
    stdout: stream(out),
    stderr: stream(err),
    environment: { LAZARET_DATA: '/nowhere' },
  })
  return { code, out: out.join(''), err: err.join('') }
}

describe('runCli', () => {
  it.each([
    [[], /^ {2}scan PATH…/m],
    [['help'], /^ {2}scan PATH…/m],
    [['--help'], /^ {2}scan PATH…/m],
    [['-h'], /^ {2}scan PATH…/m],
    [['help', 'scan'], /^Usage: lazaret scan PATH…/],
    [['scan', '--help'], /^Usage: lazaret scan PATH…/],
    [['scan', '-h', '--jobs', '3'], /^Usage: lazaret scan PATH…/],
    [['help', 'db', 'build'], /^Usage: lazaret db build OUT PATH…/],
    [['help', 'db'], /^ {2}db verify FILE/m],
    [['db', 'info', '--help'], /^Usage: lazaret db info FILE/],
  ] as [string[], RegExp][])('%j shows help', async (words, pattern) => {
    const { code, out, err } = await run(...words)
    expect(out).toMatch(pattern)
    expect({ code, err }).toEqual({ code: 0, err: '' })
  })

  it('says its version, which is that of the package', async () => {
    for (const word of ['version', '--version', '-V']) {
      expect(await run(word)).toEqual({ code: 0, out: `lazaret ${packageJson.version}\n`, err: '' })
    }
    expect(JSON.parse((await run('version', '--json')).out)).toMatchObject({ version: packageJson.version })
  })

  it.each([
    [['scna'], 'unknown-command', 'lazaret help'],
    [['help', 'scna'], 'unknown-command', 'lazaret help'],
    [['db'], 'missing-argument', 'build, info, verify, reload'],
    [['db', 'destroy'], 'missing-argument', 'build, info, verify, reload'],
    [['scan'], 'missing-argument', 'lazaret scan PATH…'],
    [['db', 'info', 'a', 'b'], 'extra-argument', 'lazaret db info FILE'],
    [['serve', 'now'], 'extra-argument', 'lazaret serve'],
    [['scan', '--nope', 'x'], 'unknown-option', 'lazaret help scan'],
    [['scan', '--local', '--server', 'unix:/x', 'x'], 'conflicting-options', '--server'],
    [['scan', '--server', 'unix:/x', '--db', 'y', 'x'], 'conflicting-options', '--db'],
    [['scan', '--json', '--format', 'xml', 'x'], 'conflicting-options', '--format'],
    [['scan', '--server', 'tcp:127.0.0.1:1', '--token-file', '/nowhere/t', 'x'], 'file-unreadable', '/nowhere/t'],
    [['db', 'info', '/nowhere/x.lzdb'], 'database-not-found', '/nowhere/x.lzdb'],
    [['db', 'build', '/tmp/x.lzdb', '/nowhere'], 'database-not-found', '/nowhere'],
  ] as [string[], string, string][])('%j is refused: %s', async (words, errorCode, hint) => {
    const { code, out, err } = await run(...words)
    expect(err).toMatch(new RegExp(`^lazaret: .* \\(${errorCode}\\)\n.+\\.\n$`))
    expect(err).toContain(hint)
    expect({ code, out }).toEqual({ code: 2, out: '' })
  })
})
