// OneNote sections: the files in them.
export { oneNoteFiles } from './files.ts'
export { oneNotePackage } from './packaging.ts'
