import { describe, expect, it } from 'vitest'
import { ppmd8 } from './index.ts'
import { decode, faultsOfTruncation, mutate } from './testing/hostile.ts'

const TEXT = Array.from({ length: 120 }, (_, i) => `line ${i} of a text, ${(i * i) % 97}\n`).join('')

/** TEXT as 7-Zip packs it: order 6 or 16, 1 MiB, a mark of the end behind the data. */
const PACKED = {
  restart: [
    'BQBr+3GcTCSSerVo6lqo7f/apyDjw8TIDb0PA2qnMpeFbvONqxMuv1Dcja6xn/G74LW1gnXc4C+tJr5KjafTKRhLpEe5iEQjUujG',
    'aB23S4clmi9KG0+2jWD9PdGS7E24+TaUPX0BO75XjJs6Ousk1eV5HVxx72J5YfDr5qHli//iqB0eyHmBELDy5wpgK+Z4fppjUE4o',
    'qJBZ7hLziNk1XLkbLnoeaSdLC4/44tuY74ltRwNLoSYtjRFzbAQJoIXJzHpSBzYdiCnYkJJObbQ54KqqqadQJcfTCDZzvprMR1NC',
    'GyN257RW1NqVID4g/9jhgftQkLJEkTI0xIrBvYuwbTN1vVZJEKW6PhQhXYComdfh6ypwd39x6kdRYTa9ZepF0ZvnyT2In1Tr/qel',
    '5VKPdlFfcszWJbaihvKwPxAnEUKj3FUrYkvX3Kxs0NXd82vu64lYyLpr1uxx2+ziLqTPLXIq8nWX40AA',
  ].join(''),
  'cut-off': [
    'DxBr+3GcTCSSerVo6lqo7f/apyDjw8TIDb0PA2qsHfutvH9mTOfZQBwWVaMvVBBwWm2YyefI88NOvF6q82LMv1IPlFkX2F8lCHUV',
    'uR478WVcR4s0pJ2gVvXX5MWNyOiIInjhWYT06+xx/qXx1CtZAXPxsTcoOhuG+SJgkkamXP1ovr/MhdUE1/jT4Cm6H/2/9C2ZKJ6e',
    '3631bZ58kxGNUIRajP5FgfYFeOyiY/h4Qc/HXXnOaCvZH402kXS9GsmoqSLKALTtnrJoK8MHld55MLbTwDNFe5tKVutAJOXXFSmM',
    'jCT07Ji9qA4qsywQ8snzeU/phjCqqP1cFQJxl/8D5SjJDasRhPx37L5HRIFRYK47M82Q7/mIh/LFwVdCnqyj/7R+aFWYQcbnqFAm',
    '64eDVaiTJtIidAwvamfKdTiaMKyLMq7szCU2anMmC3kOaURGbpJCz8k3nDPYpltHl2ItyqIitcPCbFV4+yB33CGgN51XvRQyngAA',
  ].join(''),
}
const packed = (name: keyof typeof PACKED): Uint8Array => new Uint8Array(Buffer.from(PACKED[name], 'base64'))
const names = ['restart', 'cut-off'] as const

describe('PPMd variant I', () => {
  it.each(names)('unpacks to the mark of the end, and to a size (%s)', name => {
    const data = packed(name)
    expect(decode(ppmd8(data, 0))).toEqual({ bytes: Buffer.from(TEXT), end: data.length })
    expect(decode(ppmd8(data, 0, TEXT.length))).toEqual({ bytes: Buffer.from(TEXT), end: data.length })
    expect(decode(ppmd8(data, 0, 100)).bytes.toString()).toBe(TEXT.slice(0, 100))
  })

  it.each([
    ['order 1', '000000000000', 'malformed'],
    ['a frozen model', '052000000000', 'unsupported'],
    ['nothing', '', 'malformed'],
    ['parameters alone', '0500', 'malformed'],
  ])('refuses %s', (_, hex, reason) => {
    expect(decode(ppmd8(Buffer.from(hex, 'hex'), 0)).error?.reason).toBe(reason)
  })

  it.each(names)('stands what is cut off or damaged (%s)', name => {
    expect([...faultsOfTruncation(input => ppmd8(input, 0), packed(name))]).toEqual([])
    mutate(input => ppmd8(input, 0, 20_000), packed(name), 100)
  })
})
