// OOXML packages: a look at a few of their parts.
export { ooxmlMembers } from './members.ts'
export { xmlMacroSheetText } from './macro-sheet.ts'
