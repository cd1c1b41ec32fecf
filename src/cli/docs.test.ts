import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { COMMANDS } from './commands.ts'
import { errorsPage, optionsPage, searchPage } from './docs.ts'
import { helpCommand, helpOverview } from './help.ts'
import { flagOf, OPTIONS, optionsOf } from './options.ts'

// Both pages are made from tables; `npx vitest run src/cli/docs.test.ts -u` writes them anew.
describe('the pages in docs/', () => {
  it('docs/options.md says what the tables say', async () => {
    await expect(optionsPage()).toMatchFileSnapshot('../../docs/options.md')
  })

  it('docs/errors.md says what the tables say', async () => {
    await expect(errorsPage()).toMatchFileSnapshot('../../docs/errors.md')
  })

  it('docs/search.md says what the table says', async () => {
    const path = '../../docs/search.md'
    const current = readFileSync(new URL(path, import.meta.url), 'utf8')
    await expect(searchPage(current)).toMatchFileSnapshot(path)
  })

  it.each(['README.md', 'docs/clamd.md', 'docs/database.md'])('%s names no option that does not exist', path => {
    const text = readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
    const known = new Set(OPTIONS.map(spec => flagOf(spec.name)))
    const ofOthers = new Set(['--stream'])
    const flags = (text.match(/(?<=[\s`])--[a-z-]+/g) ?? []).filter(flag => !ofOthers.has(flag))
    expect(flags.length).toBeGreaterThan(0)
    expect(flags.filter(flag => !known.has(flag))).toEqual([])
  })
})

describe('help', () => {
  it('lists every command', () => {
    for (const { name, text } of COMMANDS)
      expect(helpOverview()).toMatch(new RegExp(`^  ${name}.* ${escape(text)}$`, 'm'))
  })

  it.each(COMMANDS.map(command => [command.name, command] as const))('shows the options of %s', (_name, command) => {
    const text = helpCommand(command)
    for (const spec of optionsOf(command)) {
      if (spec.advanced !== true) expect(text).toContain(`  ${flagOf(spec.name)} `)
    }
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(120)
  })
})

const escape = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
