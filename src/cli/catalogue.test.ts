import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { resolveDatabase } from '../runtime/index.ts'
import type { SignatureCatalogue } from '../usecases/index.ts'
import { catalogueOf } from './catalogue.ts'

describe('the signatures of an image', () => {
  const folder = mkdtempSync(join(tmpdir(), 'lazaret-catalogue-'))
  let catalogue: SignatureCatalogue
  beforeAll(async () => {
    writeFileSync(join(folder, 'a.ndb'), 'Test.Body:0:*:68656c6c6f20776f726c64\n')
    writeFileSync(join(folder, 'b.ldb'), 'Test.Logic;Engine:51-255,Target:0;0&1;68656c6c6f31;68656c6c6f32\n')
    writeFileSync(join(folder, 'c.hdb'), `${'a'.repeat(32)}:5:Test.Hash\n${'b'.repeat(32)}:6:Other.Hash\n`)
    writeFileSync(join(folder, 'd.hsb'), `${'c'.repeat(64)}:7:Test.Hash\n`)
    const paths = ['a.ndb', 'b.ldb', 'c.hdb', 'd.hsb'].map(name => join(folder, name))
    const { imagePath } = await resolveDatabase({
      paths,
      cacheDirectory: join(folder, 'cache'),
      unwanted: false,
      rebuild: false,
    })
    catalogue = catalogueOf(() => imagePath)
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const namesOf = (items: readonly { name: string }[]): string[] =>
    items.map(({ name }) => name.replace('.UNOFFICIAL', ''))

  it('are found by part of a name, in pages', async () => {
    const { items } = await catalogue.search('test.', {})
    expect(namesOf(items).sort()).toEqual(['Test.Body', 'Test.Hash', 'Test.Hash', 'Test.Logic'])
    expect(items.find(({ name }) => name.startsWith('Test.Logic'))).toMatchObject({
      database: 'b.ldb',
      line: 1,
      kind: 'logical',
    })
    const found: { name: string }[] = []
    for (let cursor: string | undefined; ;) {
      const page = await catalogue.search('', { limit: 2, ...(cursor === undefined ? {} : { cursor }) })
      found.push(...page.items)
      cursor = page.next
      if (cursor === undefined) break
    }
    expect(found).toHaveLength(5)
    await expect(catalogue.search('other', { cursor: 'x~1' })).rejects.toMatchObject({ code: 'invalid-cursor' })
  })

  it('are shown by their name', async () => {
    const [entry] = (await catalogue.search('other.hash', {})).items
    expect(await catalogue.named(entry.name)).toEqual([{ name: entry.name, database: 'c.hdb', line: 2, kind: 'hash' }])
    expect(await catalogue.named('nothing')).toEqual([])
  })

  it('are counted by database', async () => {
    expect((await catalogue.databases()).map(({ name, signatures }) => [name, signatures])).toEqual([
      ['a.ndb', 1], ['b.ldb', 1], ['c.hdb', 2], ['d.hsb', 1],
    ]) // prettier-ignore
  })
})
