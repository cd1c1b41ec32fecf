import { createHmac } from 'node:crypto'
import { expect, it } from 'vitest'
import { restPage, VERIFY_EXAMPLE } from './docs.ts'

it('docs/rest.md says what the tables say', async () => {
  await expect(restPage()).toMatchFileSnapshot('../../../docs/rest.md')
})

it('the example checks a webhook', async () => {
  const module: unknown = await import(`data:text/javascript,${encodeURIComponent(VERIFY_EXAMPLE)}`)
  const { isGenuine } = module as { isGenuine: (key: string, headers: object, body: string, now: number) => boolean }
  const signature = `sha256=${createHmac('sha256', 'key').update('1000.body').digest('hex')}`
  const headers = { 'lazaret-timestamp': '1000', 'lazaret-signature': signature }
  expect(isGenuine('key', headers, 'body', 1100)).toBe(true)
  for (const [key, body, now] of [['other', 'body', 1000], ['key', 'else', 1000], ['key', 'body', 2000]] as const)
    expect(isGenuine(key, headers, body, now)).toBe(false)
}) // prettier-ignore
