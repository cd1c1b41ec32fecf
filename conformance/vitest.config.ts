import { defineConfig } from 'vitest/config'

/** Suites that need a built Lazaret, programs of the system, or data beside the repository; one after the other. */
export default defineConfig({
  test: {
    include: ['conformance/**/*.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    fileParallelism: false,
    sequence: { concurrent: false },
    pool: 'forks',
    reporters: ['default'],
  },
})
