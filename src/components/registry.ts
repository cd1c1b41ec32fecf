import type { Component } from '../scan/index.ts'
import { activeMime } from './activemime/activemime.ts'
import { hwp3 } from './hwp3/hwp3.ts'
import { officeXml } from './office-xml/office-xml.ts'
import { ole2 } from './ole2/ole2.ts'
import { oneNote } from './onenote/onenote.ts'
import { ooxml } from './ooxml/ooxml.ts'
import { rtf } from './rtf/rtf.ts'

/** Every component there is, in the order in which those of one stage are run. */
export const COMPONENTS: readonly Component[] = [ole2, rtf, oneNote, officeXml, activeMime, hwp3, ooxml]

/** The component of that name, or undefined. */
export const componentNamed = (name: string): Component | undefined =>
  COMPONENTS.find(component => component.manifest.name === name)
