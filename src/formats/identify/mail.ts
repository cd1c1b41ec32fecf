import { bytesOf, equalsAt, latin1 } from '../../bytes/index.ts'
import type { FileTypeName } from './file-types.ts'

// Mail by its first line, as ClamAV tells it, and beyond that by a block of header lines that only mail has: a message
// that starts with another header still carries attachments that raw matching does not see.

const FIRST_WORDS: readonly Uint8Array[] = [
  'From ',
  'From: ',
  '>From ',
  'To: ',
  'Subject: ',
  'Date: ',
  'For: ',
  'Received: ',
  'Received-SPF: ',
  'Return-Path: ',
  'Return-path: ',
  'Delivered-To: ',
  'Delivery-date: ',
  'Envelope-to: ',
  'Message-ID: ',
  'Message-Id: ',
  'Hi. This is the qmail-send',
  'X-Apparently-To: ',
  'X-EVS',
  'X-Envelope-From: ',
  'X-Original-To: ',
  'X-Real-To: ',
  'X-Sieve: ',
  'X-Symantec-',
  'X-UIDL: ',
].map(bytesOf)

const HEADER_LINE = /^([!-9;-~]{1,64}):(?:[ \t]|$)/
const MAIL_HEADERS: ReadonlySet<string> = new Set([
  'mime-version',
  'content-type',
  'content-transfer-encoding',
  'message-id',
  'received',
  'return-path',
  'delivered-to',
])
const MIN_HEADERS = 2
const LETTER_B = 0x62
const UUENCODED = /^begin(?:-base64)? [0-7]{3,4} /
const PGP_MESSAGE = bytesOf('-----BEGIN PGP MESSAGE')
const VMDK_DESCRIPTOR = bytesOf('# Disk DescriptorFile')

/** Type by the first line, also for content that is not text as a whole. */
export function firstLineType(head: Uint8Array): FileTypeName | undefined {
  for (const word of FIRST_WORDS) if (equalsAt(head, 0, word)) return 'mail'
  if (head[0] === LETTER_B && UUENCODED.test(latin1(head, 0, 24))) return 'uuencode'
  if (equalsAt(head, 0, PGP_MESSAGE)) return 'pgp'
  return equalsAt(head, 0, VMDK_DESCRIPTOR) ? 'vmdk' : undefined
}

/** Mail by its block of headers, MHTML where that is one page with its parts; for text only. */
export function headerBlockType(head: Uint8Array): FileTypeName | undefined {
  if (!startsLikeHeader(head)) return undefined
  const text = latin1(head)
  let headers = 0
  let known = 0
  for (const line of text.split('\n')) {
    if (line === '' || line === '\r') break
    if (line.startsWith(' ') || line.startsWith('\t')) continue
    const match = HEADER_LINE.exec(line.trimEnd())
    if (match === null) break
    headers++
    if (MAIL_HEADERS.has(match[1].toLowerCase())) known++
  }
  if (headers < MIN_HEADERS || known === 0) return undefined
  return /^content-type:\s*multipart\/related/im.test(text) ? 'mhtml' : 'mail'
}

/** A colon with white space behind it within the first 64 bytes, before any space: false for nearly all other text. */
function startsLikeHeader(head: Uint8Array): boolean {
  for (let i = 0; i < Math.min(64, head.length); i++) {
    if (head[i] === 0x3a) return i > 0 && head[i + 1] <= 0x20
    if (head[i] <= 0x20) return false
  }
  return false
}
