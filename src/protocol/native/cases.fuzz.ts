import { readFileSync } from 'node:fs'
import { FLAG_END, FRAME } from './constants.ts'
import type { FrameName } from './constants.ts'
import { encodeFrame } from './encoder.ts'

// Reads the Markdown cases: a heading, prose, a fenced block of input and a fenced block of events.

export interface Case {
  readonly title: string
  /** What follows the word `bytes` or `frames` on the fence. */
  readonly setting: string
  readonly input: readonly string[]
  readonly events: readonly string[]
}

const CASE =
  /^## (?<title>.+)\n(?:(?!^## |^```)[^\n]*\n)*```(?:bytes|frames) ?(?<setting>.*)\n(?<input>[^]*?)^```\n+```events\n(?<events>[^]*?)^```$/gm

/** @param name - file in cases/ */
export const readCases = (name: string): Case[] => {
  const text = readFileSync(new URL(`cases/${name}`, import.meta.url), 'utf8')
  const cases = [...text.matchAll(CASE)].map(({ groups = {} }) => ({
    title: groups['title'],
    setting: groups['setting'],
    input: groups['input'].trimEnd().split('\n'),
    events: groups['events'].trimEnd().split('\n'),
  }))
  const headings = text.match(/^## /gm)?.length
  if (cases.length !== headings) throw new Error(`${name}: ${headings} headings, but ${cases.length} cases`)
  return cases
}

/** The bytes of a `bytes` block. */
export const bytesOf = (lines: readonly string[]): Uint8Array => {
  const tokens = lines.flatMap(line => line.match(/"(?:[^"\\]|\\.)*"|#.*|\S+/g) ?? [])
  const pieces = tokens
    .filter(token => !token.startsWith('#'))
    .map(token => (token.startsWith('"') ? Buffer.from(JSON.parse(token) as string) : Buffer.from(token, 'hex')))
  return Buffer.concat(pieces)
}

const payloadOf = (text: string): Buffer => {
  const repeated = /^(.)\*(\d+)$/.exec(text)
  if (repeated !== null) return Buffer.alloc(Number(repeated[2]), repeated[1])
  const escaped = text.replaceAll(/\\u00([0-9a-f]{2})/g, (_, hex: string) =>
    String.fromCodePoint(Number.parseInt(hex, 16)),
  )
  return Buffer.from(escaped, escaped === text ? 'utf8' : 'latin1')
}

/** The bytes of each line of a `frames` block. */
export const framesOf = (lines: readonly string[], greet: string): Uint8Array[] =>
  lines.map(line => {
    if (line.startsWith('raw ')) return Buffer.from(line.slice(4))
    const [, name, id, end, payload = ''] = /^(\w+) (\d+)( end)?(?: (.*))?$/.exec(line === 'greet' ? greet : line) ?? []
    return encodeFrame(FRAME[name as FrameName], end === undefined ? 0 : FLAG_END, Number(id), payloadOf(payload))
  })

/** Pieces of `bytes` cut at places that depend only on `seed`. */
export const cut = (bytes: Uint8Array, seed: number): Uint8Array[] => {
  const pieces: Uint8Array[] = []
  let state = seed + 1
  for (let at = 0; at < bytes.length;) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    const length = 1 + ((state >>> 8) % 40)
    pieces.push(bytes.subarray(at, at + length))
    at += length
  }
  return pieces
}

/** The ways in which every case is fed. */
export const FEEDS: readonly (readonly [string, (bytes: Uint8Array) => Uint8Array[]])[] = [
  ['whole', bytes => [bytes]],
  ['byte by byte', bytes => Array.from(bytes, (_, at) => bytes.slice(at, at + 1))],
  ['in pieces', bytes => cut(bytes, 1)],
  ['in other pieces', bytes => cut(bytes, 7)],
]
