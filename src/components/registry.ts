import type { Component } from '../scan/index.ts'
import { activeMime } from './activemime/activemime.ts'
import { arComponent } from './ar/ar.ts'
import { asarComponent } from './asar.ts'
import { autoItComponent } from './autoit/autoit.ts'
import { compressedComponents } from './compressed/index.ts'
import { cpioComponent } from './cpio/cpio.ts'
import { embedded } from './embedded/embedded.ts'
import { html } from './html/html.ts'
import { hwp3 } from './hwp3/hwp3.ts'
import { installShieldComponent } from './installshield/installshield.ts'
import { iso9660 } from './iso9660/iso9660.ts'
import { lnk } from './lnk.ts'
import { mail } from './mail/mail.ts'
import { officeXml } from './office-xml/office-xml.ts'
import { ole2 } from './ole2/ole2.ts'
import { oneNote } from './onenote/onenote.ts'
import { ooxml } from './ooxml/ooxml.ts'
import { pdf } from './pdf/pdf.ts'
import { peResources } from './pe-resources.ts'
import { pyInstallerComponent } from './pyinstaller/pyinstaller.ts'
import { rtf } from './rtf/rtf.ts'
import { scriptEncoded } from './script-encoded/script-encoded.ts'
import { sisComponent } from './sis/sis.ts'
import { swf } from './swf.ts'
import { tarComponent } from './tar/tar.ts'
import { binhex } from './text-blocks/binhex.ts'
import { textBlocks } from './text-blocks/text-blocks.ts'
import { uuencode } from './text-blocks/uuencode.ts'
import { textNormalise } from './text-normalise/text-normalise.ts'
import { cms } from './cms/cms.ts'
import { tnef } from './tnef/tnef.ts'
import { xdp } from './xdp.ts'
import { zipComponent } from './zip/index.ts'

/** Every component there is, in the order in which those of one stage are run. */
export const COMPONENTS: readonly Component[] = [
  embedded,
  zipComponent,
  tarComponent,
  cpioComponent,
  arComponent,
  ole2,
  rtf,
  oneNote,
  officeXml,
  activeMime,
  hwp3,
  ooxml,
  pdf,
  mail,
  tnef,
  cms,
  uuencode,
  binhex,
  html,
  scriptEncoded,
  textBlocks,
  textNormalise,
  sisComponent,
  swf,
  xdp,
  lnk,
  iso9660,
  peResources,
  ...compressedComponents,
  installShieldComponent,
  asarComponent,
  autoItComponent,
  pyInstallerComponent,
]

/** The component of that name, or undefined. */
export const componentNamed = (name: string): Component | undefined =>
  COMPONENTS.find(component => component.manifest.name === name)
