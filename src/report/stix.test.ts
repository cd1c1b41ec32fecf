import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { arbitraryReport } from './arbitrary.fuzz.ts'
import { readReportJson } from './json.ts'
import type { Report } from './model.ts'
import { sha1 } from './sha1.ts'
import { uuid5 } from './stix.ts'
import { createSummary } from './summary.ts'
import { createWriter } from './writer.ts'

const stored = (name: string): Report =>
  readReportJson(readFileSync(join(import.meta.dirname, `testdata/v1.0/${name}.json`), 'utf8'))

interface StixObject {
  readonly id: string
  readonly type: string
  readonly [name: string]: unknown
}
function bundleOf(...reports: Report[]): StixObject[] {
  const writer = createWriter('stix')
  const text = [writer.begin(), ...reports.map(report => writer.report(report)), writer.end(createSummary().summary(0))]
  return (JSON.parse(text.join('')) as { objects: StixObject[] }).objects
}
const ofType = (objects: readonly StixObject[], type: string): StixObject[] =>
  objects.filter(object => object.type === type)

describe('identifiers', () => {
  it('are SHA-1 as others compute it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
        expect(Buffer.from(sha1(bytes)).toString('hex')).toBe(createHash('sha1').update(bytes).digest('hex'))
      }),
    )
  })

  it('are version 5 of RFC 9562', () => {
    expect(uuid5('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'www.example.com')).toBe(
      '2ed6657d-e927-568b-95e1-2665a8aea6a2',
    )
  })

  it('of files are those of section 2.9', () => {
    const sha256 = 'fe90a7e910cb3a4739bed9180e807e93fa70c90f25a8915476f5e4bfbac681db'
    const report = { ...stored('clean'), name: 'foo.dll' }
    const [file] = ofType(bundleOf({ ...report, artifacts: [{ ...report.artifacts[0], sha256 }] }), 'file')
    const name = `{"hashes":{"SHA-256":"${sha256}"},"name":"foo.dll"}`
    expect(file.id).toBe(`file--${uuid5('00abedb4-aa42-466c-9c01-fed23315a9b7', name)}`)
  })
})

describe('bundles', () => {
  it.each([
    ['infected', 'malicious'],
    ['clean', 'benign'],
    ['trusted', 'benign'],
    ['unscannable', 'unknown'],
  ])('%s is %s', (name, result) => {
    const objects = bundleOf(stored(name))
    const [analysis] = ofType(objects, 'malware-analysis')
    expect(analysis['result']).toBe(result)
    expect(ofType(objects, 'malware').length > 0).toBe(name === 'infected')
    expect(ofType(objects, 'relationship')).toHaveLength(ofType(objects, 'malware').length)
  })

  it('name nothing that is not in them, and nothing twice', () => {
    fc.assert(
      fc.property(fc.array(arbitraryReport, { maxLength: 3 }), reports => {
        const objects = bundleOf(...reports)
        const ids = objects.map(({ id }) => id)
        expect(new Set(ids).size).toBe(ids.length)
        for (const object of objects) {
          expect(object.id).toMatch(new RegExp(`^${object.type}--[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-`))
          const refs = Object.entries(object).filter(([key]) => /_refs?$/.test(key)).flatMap(([, value]) => value)
          for (const ref of refs) expect(ids).toContain(ref)
        }
        expect(ofType(objects, 'malware-analysis').length).toBeLessThanOrEqual(reports.length)
      }),
      { numRuns: 50 },
    )
  }) // prettier-ignore

  it('cannot be forged by names', () => {
    const report = stored('clean')
    const name = '"}],"objects":[\u202e\n{"type":"malware"}'
    const objects = bundleOf({ ...report, name, artifacts: [{ ...report.artifacts[0], path: name }] })
    expect(objects.map(({ type }) => type)).toEqual(['identity', 'file', 'malware-analysis'])
    expect(JSON.stringify(objects)).not.toContain('\u202e')
  })
})
