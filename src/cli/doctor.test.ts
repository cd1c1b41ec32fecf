import { describe, expect, it } from 'vitest'
import { runCli } from './run.ts'

async function run(...words: string[]): Promise<{ code: number; out: string }> {
  const out: string[] = []
  const stream = { write: (text: string) => out.push(text) > 0 } as unknown as NodeJS.WriteStream
  const code = await runCli(words, { stdout: stream, stderr: stream, environment: { LAZARET_DATA: '/nowhere' } })
  return { code, out: out.join('') }
}

describe('lazaret doctor', () => {
  it('says what there is, one line each', async () => {
    const { code, out } = await run('doctor')
    expect(out).toMatch(/^ok {7}node {8}\d+\.\d+\.\d+ /)
    expect(out).toMatch(/^ok {7}database {4}\d+ signature files/m)
    expect(out).toMatch(/^ok {7}ledger {6}absent \(sqlite:\/nowhere\/ledger\.db\)/m)
    expect(out).toMatch(/^ok {7}sandbox {5}starts in \d+ ms$/m)
    for (const layer of ['namespaces', 'seccomp', 'permission', 'limits']) {
      expect(out).toMatch(new RegExp(`^(ok|missing) +${layer} `, 'm'))
    }
    expect(code).toBe(0)
  })

  it('fails where there is no database, and says so in JSON, too', async () => {
    const { code, out } = await run('doctor', '--json', '--db', '/nowhere/x.ndb')
    const { checks } = JSON.parse(out) as { checks: { name: string; state: string; advice?: string }[] }
    expect(checks.find(({ name }) => name === 'database')).toMatchObject({ state: 'failed', advice: /--db/ })
    expect(checks.filter(({ state }) => state === 'failed')).toHaveLength(1)
    expect(code).toBe(2)
  })
})
