import type { Component } from '../scan/index.ts'
import { html } from './html/html.ts'
import { mail } from './mail/mail.ts'
import { scriptEncoded } from './script-encoded/script-encoded.ts'
import { binhex } from './text-blocks/binhex.ts'
import { textBlocks } from './text-blocks/text-blocks.ts'
import { uuencode } from './text-blocks/uuencode.ts'
import { textNormalise } from './text-normalise/text-normalise.ts'
import { tnef } from './tnef/tnef.ts'

/** Every component there is, in the order in which those of one stage are run. */
export const COMPONENTS: readonly Component[] = [
  mail,
  tnef,
  uuencode,
  binhex,
  html,
  scriptEncoded,
  textBlocks,
  textNormalise,
]

/** The component of that name, or undefined. */
export const componentNamed = (name: string): Component | undefined =>
  COMPONENTS.find(component => component.manifest.name === name)
