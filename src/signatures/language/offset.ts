import { ANYWHERE, type Offset, type OffsetBase } from './ir.ts'
import { LineError } from './problems.ts'

// Offsets of body patterns. Source: ClamAV manual, "Extended signature format".

const MAX_OFFSET_TEXT = 64
const MAX_OFFSET = 0xffffffff
const EXECUTABLE_TARGETS = new Set([1, 6, 9])

const FORMS: readonly { pattern: RegExp; base: OffsetBase; executable: boolean }[] = [
  { pattern: /^()()(\d{1,10})$/, base: 'absolute', executable: false },
  { pattern: /^EOF()(-)(\d{1,10})$/, base: 'end', executable: false },
  { pattern: /^EP()([+-])(\d{1,10})$/, base: 'entry-point', executable: true },
  { pattern: /^SE(\d{1,5})()()$/, base: 'in-section', executable: true },
  { pattern: /^SL()([+-])(\d{1,10})$/, base: 'last-section', executable: true },
  { pattern: /^S(\d{1,5})([+-])(\d{1,10})$/, base: 'section', executable: true },
  { pattern: /^VI()()()$/, base: 'version-info', executable: true },
]

/**
 * Reads an offset such as `*`, `10,5`, `EOF-20`, `EP+0`, `S1+16`, `SL-4`, `SE0`, `VI`.
 * @throws LineError
 */
export function parseOffset(text: string, target: number): Offset {
  if (text === '*') return ANYWHERE
  if (text === '') return { ...ANYWHERE, base: 'absolute' }
  if (text.length > MAX_OFFSET_TEXT) throw new LineError('bad-offset', 'too long')
  if (text.startsWith('$')) throw new LineError('unsupported-macro')
  const [place = '', shift, ...rest] = text.split(',')
  if (rest.length > 0 || (shift !== undefined && !/^\d{1,10}$/.test(shift))) throw new LineError('bad-offset', text)
  for (const { pattern, base, executable } of FORMS) {
    const match = pattern.exec(place)
    if (match === null) continue
    if (executable && !EXECUTABLE_TARGETS.has(target)) throw new LineError('offset-needs-executable', text)
    const distance = Number(match[3] || '0')
    const value = match[2] === '-' && base !== 'end' ? -distance : distance
    const maxShift = Number(shift ?? '0')
    if (distance > MAX_OFFSET || maxShift > MAX_OFFSET) throw new LineError('bad-offset', text)
    return { base, section: Number(match[1] || '0'), value, maxShift }
  }
  throw new LineError('bad-offset', text)
}
