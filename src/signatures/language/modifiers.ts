import type { Element, Run } from './ir.ts'
import { LineError } from './problems.ts'

// The modifiers after `::` of a subsignature: i (nocase), w (wide), f (fullword), a (ascii).

export interface Modifiers {
  readonly nocase: boolean
  readonly wide: boolean
  readonly fullword: boolean
  readonly ascii: boolean
}

export const NO_MODIFIERS: Modifiers = { nocase: false, wide: false, fullword: false, ascii: false }

/** @throws LineError */
export function parseModifiers(text: string): Modifiers {
  if (!/^[iwfa]*$/.test(text)) throw new LineError('bad-modifier', text.slice(0, 16))
  return {
    nocase: text.includes('i'),
    wide: text.includes('w'),
    fullword: text.includes('f'),
    ascii: text.includes('a'),
  }
}

/** Applies modifiers: one list of elements for each form that may match (wide and ascii together give two). */
export function applyModifiers(elements: readonly Element[], modifiers: Modifiers): Element[][] {
  const folded = modifiers.nocase ? elements.map(foldCase) : [...elements]
  const forms = [
    ...(modifiers.wide ? [folded.map(widen)] : []),
    ...(!modifiers.wide || modifiers.ascii ? [folded] : []),
  ]
  return modifiers.fullword ? forms.map(form => asWord(form, modifiers.wide)) : forms
}

function isLetter(value: number): boolean {
  return (value >= 0x41 && value <= 0x5a) || (value >= 0x61 && value <= 0x7a)
}

/** Letters lose the bit in which ASCII cases differ. */
function foldCase(element: Element): Element {
  if (element.kind === 'choice' && element.negated)
    throw new LineError('bad-alternatives', 'negated, with the modifier i')
  if (element.kind === 'choice') return { ...element, branches: element.branches.map(branch => branch.map(foldCase)) }
  if (element.kind !== 'run') return element
  const values = element.values.slice()
  const masks = element.masks.slice()
  for (let i = 0; i < values.length; i++) {
    if (masks[i] !== 0xff || !isLetter(values[i])) continue
    masks[i] = 0xdf
    values[i] &= 0xdf
  }
  return { kind: 'run', values, masks }
}

/** Every byte is followed by 00; gaps keep their length. */
function widen(element: Element): Element {
  if (element.kind === 'choice') return { ...element, branches: element.branches.map(branch => branch.map(widen)) }
  if (element.kind === 'boundary') return { ...element, wide: true }
  if (element.kind !== 'run') return element
  const length = element.values.length
  const wide: Run = { kind: 'run', values: new Uint8Array(length * 2), masks: new Uint8Array(length * 2) }
  for (let i = 0; i < length; i++) {
    wide.values[i * 2] = element.values[i]!
    wide.masks[i * 2] = element.masks[i]!
    wide.masks[i * 2 + 1] = 0xff
  }
  return wide
}

function asWord(elements: readonly Element[], wide: boolean): Element[] {
  const edge = (at: 'left' | 'right'): Element => ({ kind: 'boundary', which: 'nonword', negated: false, at, wide })
  return [edge('left'), ...elements, edge('right')]
}
