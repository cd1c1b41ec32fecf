// Adds up vitest's JSON reports. Usage: node total.js FAILED_STEPS REPORT…
// A report that is missing or broken, and a test file that could not be loaded, count as one failure each.

import { readFileSync } from 'node:fs'

const EXPECTED_REPORTS = ['tests.json', 'conformance.json']
const [failedSteps, ...paths] = process.argv.slice(2)

let passed = 0
let failed = Number(failedSteps)
for (const name of EXPECTED_REPORTS) {
  const path = paths.find(candidate => candidate.endsWith(`/${name}`))
  try {
    const report = JSON.parse(readFileSync(path ?? '', 'utf8'))
    const unloaded = report.testResults.filter(file => file.status === 'failed' && file.assertionResults.length === 0)
    passed += report.numPassedTests
    failed += report.numFailedTests + unloaded.length
    if (!report.success && report.numFailedTests + unloaded.length === 0) failed++
  } catch {
    console.log(`no results in ${name}`)
    failed++
  }
}
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
