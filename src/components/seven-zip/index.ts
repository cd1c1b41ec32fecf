// 7-Zip as a component.
export { sevenZipComponent } from './seven-zip.ts'
export type { SevenZipModule } from './module.ts'
