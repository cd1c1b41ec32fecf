import { writeSync } from 'node:fs'
import type { Component, ComponentInput, Emission } from '../../../scan/index.ts'
import { serveSandbox } from '../child.ts'
import { frame, KIND } from '../wire.ts'

// A sandbox child whose components do what hostile content would like them to do. Each is named after its deed.

type Deed = (input: ComponentInput, options: Readonly<Record<string, unknown>>) => Iterable<Emission>

const encoder = new TextEncoder()
const say = (kind: number, payload: string): void => void writeSync(1, frame(kind, encoder.encode(payload)))

const flood = (bytes: number): never => {
  const junk = new Uint8Array(bytes).fill(0xff)
  for (;;) writeSync(1, junk)
}

const DEEDS: Readonly<Record<string, Deed>> = {
  // Good ones
  echo: function* ({ bytes, name, type }) {
    yield { emit: 'property', name: 'echo.type', value: `${type} ${name}` }
    yield { emit: 'child', name: 'copy', content: bytes }
  },
  pieces: function* ({ bytes }, { times }) {
    yield {
      emit: 'child',
      name: 'many',
      content: (function* () {
        for (let i = 0; i < Number(times); i++) yield bytes
      })(),
    }
  },
  long: function* () {
    const text = 'x'.repeat(2_000_000)
    yield { emit: 'child', name: text, content: new Uint8Array(1), properties: [{ name: 'p', value: text }] }
    yield { emit: 'anomaly', code: 'long', detail: text }
    const row = Array.from({ length: 100 }, () => text)
    yield { emit: 'section', section: { kind: 'table', title: text, columns: row, rows: [row, row] } }
  },
  // Bad ones
  throw: () => {
    throw new TypeError('the component is at fault')
  },
  'throw-in-child': function* () {
    yield {
      emit: 'child',
      name: 'half',
      content: (function* () {
        yield encoder.encode('half')
        throw new TypeError('in the middle')
      })(),
    }
  },
  exit: () => process.exit(7),
  abort: () => process.abort(),
  loop: () => {
    for (;;);
  },
  'child-loop': function* () {
    yield { emit: 'child', name: 'before', content: encoder.encode('before') }
    yield { emit: 'child', name: 'padding', content: new Uint8Array(100_000) }
    for (;;);
  },
  heap: () => {
    const kept: unknown[] = []
    for (;;) kept.push({ kept })
  },
  buffers: () => {
    const kept: Uint8Array[] = []
    for (;;) kept.push(new Uint8Array(32 << 20).fill(1))
  },
  'garbage-frame': () => flood(100),
  flood: () => flood(1 << 20),
  'late-frame': () => {
    // In one piece: what comes later is heard while nobody has asked, or is taken for the next artifact's.
    writeSync(1, new Uint8Array([...frame(KIND.done, encoder.encode('')), KIND.emission]))
    return []
  },
  'unknown-emission': () => {
    say(KIND.emission, '{"emit":"verdict","verdict":"clean"}')
    return []
  },
  'data-outside': () => {
    say(KIND.data, 'orphan')
    return []
  },
  'too-much': () => {
    say(KIND.head, '{"emit":"child","name":""}')
    for (;;) say(KIND.data, 'x'.repeat(60_000))
  },
  pollute: function* () {
    let result = 'open'
    const prototype: object = Array.prototype
    try {
      Object.defineProperty(prototype, 'polluted', { value: true })
    } catch (error) {
      result = (error as Error).name
    }
    yield { emit: 'property', name: 'pollute', value: result }
  },
}

const components = Object.entries(DEEDS).map(([name, deed]): Component => ({
  manifest: { name, version: '1', description: 'A deed.', accepts: ['*'], stage: 'extract' },
  process: (input, { options }) => deed(input, options),
}))

await serveSandbox(new Map(components.map(component => [component.manifest.name, component])))
