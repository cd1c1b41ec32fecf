/** Version of the package; version.test.ts ties it to package.json. */
export const VERSION = '0.1.0'
