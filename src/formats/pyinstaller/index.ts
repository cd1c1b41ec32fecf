// PyInstaller: packages behind its bootloader, and the PYZ archives in them.
export { pyInstallerPackages } from './package.ts'
export type { PyInstallerEntry } from './package.ts'
export { isPyz, pyzModules } from './pyz.ts'
export type { PyzModule } from './pyz.ts'
