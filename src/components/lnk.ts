import { readShortcut } from '../formats/index.ts'
import type { Shortcut } from '../formats/index.ts'
import type { Component, ComponentInput, Emission } from '../scan/index.ts'

/** Less than this behind the structure is padding. */
const MIN_REST_BYTES = 16
/** What is shown of a text; arguments may be 32 KiB long. */
const MAX_SHOWN = 4096
/** Arguments that a dialogue of properties does not show any more: a sign of something to hide. */
const LONG_ARGUMENTS = 260

/** Target, arguments and what is appended of Windows shortcuts. */
export const lnk: Component = {
  manifest: {
    name: 'lnk',
    version: '1',
    description: 'Target and arguments of Windows shortcuts, and what is appended to them',
    accepts: ['lnk'],
    stage: 'extract',
  },
  process,
}

function* process({ bytes }: ComponentInput): Generator<Emission, void, void> {
  const shortcut = readShortcut(bytes)
  for (const [name, value] of properties(shortcut))
    if (value !== undefined && value !== '') yield { emit: 'property', name, value: value.slice(0, MAX_SHOWN) }
  const text = shortcut.strings.get('arguments') ?? ''
  if (text !== '')
    yield { emit: 'child', name: 'arguments', relation: 'view', type: 'text', content: new TextEncoder().encode(text) }
  if (text.length > LONG_ARGUMENTS)
    yield { emit: 'anomaly', code: 'lnk-long-arguments', detail: `Arguments of ${text.length} characters` }
  const { end, fault } = shortcut
  if (bytes.length - end >= MIN_REST_BYTES && bytes.subarray(end).some(byte => byte !== 0))
    yield { emit: 'child', name: `gap-at-${end}`, content: bytes.subarray(end) }
  if (fault !== undefined) yield { emit: 'missed', reason: 'malformed', detail: fault }
}

type Property = readonly [name: string, value: string | undefined]

function properties({ target, itemPath, strings, blocks, iconIndex }: Shortcut): readonly Property[] {
  const icon = strings.get('icon') ?? blocks.get('environmentIcon')
  const targets = [target, itemPath, blocks.get('environmentTarget'), strings.get('relativePath')]
  return [
    ['lnk.target', targets.find(path => path !== undefined && path !== '')],
    ['lnk.item-path', itemPath],
    ['lnk.environment-target', blocks.get('environmentTarget')],
    ['lnk.arguments', strings.get('arguments')],
    ['lnk.working-directory', strings.get('workingDirectory')],
    ['lnk.relative-path', strings.get('relativePath')],
    ['lnk.description', strings.get('description')],
    ['lnk.icon', icon === undefined ? undefined : `${icon},${iconIndex}`],
    ['lnk.darwin', blocks.get('darwin')],
  ]
}
