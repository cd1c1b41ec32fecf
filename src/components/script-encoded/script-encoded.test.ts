import { expect, it } from 'vitest'
import { latin1 } from '../../bytes/index.ts'
import { collect } from '../testing/collect.ts'
import { scriptEncoded } from './script-encoded.ts'

const SCRIPT = '#@~^DgAAAA==\\ko$K6,JC\x7fV^GJqAQAAA==^#~@'

it.each([
  [SCRIPT, ['MsgBox "Hello"'], 0],
  [`${SCRIPT}\r\nrest${SCRIPT}`, ['MsgBox "Hello"', 'MsgBox "Hello"'], 0],
  [SCRIPT.slice(0, 20), ['MsgBox "'], 1],
  [`#@~^${SCRIPT}`, ['MsgBox "Hello"'], 1],
  ['#@~^', [], 1],
  ['nothing', [], 0],
])('%j', async (text, scripts, anomalies) => {
  const result = await collect(scriptEncoded, Buffer.from(text, 'latin1'), { type: 'script-encoded' })
  expect(result.children.map(child => latin1(child.bytes))).toEqual(scripts)
  expect(result.emissions.length).toBe(anomalies)
})
