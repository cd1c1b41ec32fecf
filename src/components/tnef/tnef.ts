import { decodeLzfu } from '../../codecs/index.ts'
import { identify, readTnef } from '../../formats/index.ts'
import type { FileTypeName, TnefMessage } from '../../formats/index.ts'
import { visible } from '../../report/index.ts'
import type { Component, Emission } from '../../scan/index.ts'

const ENDINGS = { text: 'txt', html: 'html', rtf: 'rtf' } as const
/** HTML that the content alone would not show; never for what has a magic number of its own. */
function htmlType(content: Uint8Array): FileTypeName | undefined {
  const found = identify(content).name
  if (found === 'text' || found === 'text-utf8') return 'html'
  return found === 'text-utf16le' || found === 'text-utf16be' ? 'html-utf16' : undefined
}

const MAX_SUBJECT_CHARS = 1000

/** Attachments, embedded messages and bodies of winmail.dat. */
export const tnef: Component = {
  manifest: {
    name: 'tnef',
    version: '1',
    description: "Takes Outlook's winmail.dat apart into bodies, attachments and embedded messages",
    accepts: ['tnef'],
    stage: 'extract',
  },
  *process({ bytes }): Generator<Emission> {
    const message = readTnef(bytes)
    if (message === undefined) yield { emit: 'missed', reason: 'malformed', detail: 'The TNEF signature is missing' }
    else yield* emitMessage(message)
  },
}

function* emitMessage(message: TnefMessage): Generator<Emission> {
  const { subject, bodies, attachments, damages } = message
  if (subject !== '')
    yield { emit: 'property', name: 'mail.subject', value: visible(subject.slice(0, MAX_SUBJECT_CHARS)) }
  const names = attachments.map(attachment => attachment.name).filter(name => name !== '')
  if (names.length > 0)
    yield { emit: 'property', name: 'mail.attachments', value: visible(names.join('; ').slice(0, MAX_SUBJECT_CHARS)) }
  for (const damage of damages) yield { emit: 'missed', reason: 'malformed', detail: damage }
  for (const { kind, content } of bodies) {
    if (content.length === 0) continue
    const type = kind === 'html' ? htmlType(content) : undefined
    yield {
      emit: 'child',
      name: `body.${ENDINGS[kind]}`,
      content: kind === 'rtf' ? decodeLzfu(content) : content,
      ...(type === undefined ? {} : { type }),
    }
  }
  let number = 0
  for (const { name, contents } of attachments) {
    number++
    for (const content of contents)
      if (content.length > 0) yield { emit: 'child', name: name === '' ? `attachment-${number}` : name, content }
  }
}
