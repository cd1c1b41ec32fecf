import { describe, expect, it } from 'vitest'
import type { FileTypeName } from '../formats/index.ts'
import type { Component } from '../scan/index.ts'
import { html } from './html/html.ts'
import { mail } from './mail/mail.ts'
import { scriptEncoded } from './script-encoded/script-encoded.ts'
import { collect } from './testing/collect.ts'
import { textBlocks } from './text-blocks/text-blocks.ts'

// Content that would cost a naive reader the square of its size: eight times as much of it must not cost much more
// than eight times the time. A quadratic reader needs sixty-four times as much, so the bound is loose on purpose.

const SMALL = 30_000
const FACTOR = 8
const MAX_GROWTH = 32
/** Shorter times are mostly noise. */
const FLOOR_MS = 4

type Bomb = readonly [
  name: string,
  component: Component,
  type: FileTypeName,
  head: string,
  piece: (i: number) => string,
]

const MIXED = 'Content-Type: multipart/mixed; boundary=b\n\n'
const BOMBS: readonly Bomb[] = [
  ['empty parts', mail, 'mail', MIXED, () => '--b\n'],
  ['nested multiparts', mail, 'mail', '', i => `Content-Type: multipart/mixed; boundary=b${i}\n\n--b${i}\n`],
  ['nested multiparts of one boundary', mail, 'mail', '', () => `${MIXED}--b\n`],
  [
    'nested multiparts of several boundaries',
    mail,
    'mail',
    '',
    i => `Content-Type: multipart/mixed; boundary=b${i}; boundary=c${i}\n\n--b${i}\n--c${i}\n`,
  ],
  ['multiparts without delimiters', mail, 'mail', MIXED, i => `--b\nContent-Type: multipart/mixed; boundary=b${i}\n\n`],
  ['headers', mail, 'mail', '', () => 'Subject: x\n'],
  ['types', mail, 'mail', '', () => 'Content-Type: multipart/mixed; boundary=b\n'],
  ['folded lines', mail, 'mail', 'Content-Type: x', () => '\n y;'],
  ['lines in the headers that are none', mail, 'mail', 'A: b\n', () => 'junk\n'],
  ['parentheses', mail, 'mail', 'Content-Type: a/b; boundary=', () => '('],
  ['encoded words', mail, 'mail', 'Subject: ', () => '=?'],
  ['dashes', mail, 'mail', MIXED, () => '-'],
  ['lines like delimiters', mail, 'mail', MIXED, () => '--bc\n'],
  ['attached messages', mail, 'mail', '', () => 'Content-Type: message/rfc822\n\n'],
  ['messages of a mailbox', mail, 'mail', '', () => `From a@b 00:00:00 1970\n${MIXED}--b\n\nx\n\n`],
  ['messages in a row', mail, 'mail', '', () => 'From: a\nMIME-Version: 1.0\n\nx\n\n'],
  ['parts with CR only', mail, 'mail', MIXED, () => '--b\r\rx\r'],
  ['passwords', mail, 'mail', 'From: a\n\n', () => 'password '],
  ['beginnings of uuencode', textBlocks, 'text', '', () => 'begin 644 x\n'],
  ['beginnings of yEnc', textBlocks, 'text', '', () => '=ybegin x\n'],
  ['beginnings of BinHex', textBlocks, 'text', '', () => '(This file must be converted with BinHex\n'],
  ['programs in one run of base64', textBlocks, 'text', '', () => 'TVqQAAMA\n'],
  ['encoded scripts', scriptEncoded, 'script-encoded', '', () => '#@~^'],
  ['data: URLs', html, 'html', '', () => 'data:'],
  ['plain data: URLs', html, 'html', '', () => '"data:,'],
  ['quotes', html, 'html', '', () => '<a b="'],
  ['comments', html, 'html', '', () => '<!--[if'],
  ['encoded scripts in a page', html, 'html', '', () => '<script>#@~^'],
]

function made([, , , head, piece]: Bomb, size: number): Uint8Array {
  const pieces = [head]
  for (let i = 0, length = 0; length < size; i++) length += pieces[pieces.push(piece(i)) - 1].length
  return Buffer.from(pieces.join(''), 'latin1')
}

async function timeMs(bomb: Bomb, bytes: Uint8Array): Promise<number> {
  const start = performance.now()
  await collect(bomb[1], bytes, { type: bomb[2] })
  return performance.now() - start
}

describe('time grows with size, not with its square', () => {
  it.each(BOMBS.map(bomb => [bomb[0], bomb] as const))('%s', async (_, bomb) => {
    const small = made(bomb, SMALL)
    const large = made(bomb, SMALL * FACTOR)
    let growth = Infinity
    // A busy machine makes a time longer, never shorter.
    for (let attempt = 0; attempt < 3 && growth > MAX_GROWTH; attempt++)
      growth = Math.min(growth, (await timeMs(bomb, large)) / Math.max(FLOOR_MS, await timeMs(bomb, small)))
    expect(growth).toBeLessThan(MAX_GROWTH)
  })
})
