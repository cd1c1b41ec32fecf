import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  isFinding,
  strongest,
  verdictOf,
  verdictOfSeverity,
  verdictsOf,
  type Findings,
  type TreeNode,
} from './verdict.ts'
import { REASONS, SEVERITIES, VERDICTS, type Verdict } from './vocabulary.ts'

const ORDER: Verdict[] = ['clean', 'unscannable', 'unwanted', 'suspicious', 'infected']
const verdict = fc.constantFrom(...VERDICTS)
const detection = fc.record({ severity: fc.constantFrom(...SEVERITIES) })
const note = fc.record({ reason: fc.constantFrom(...REASONS) })
const findings: fc.Arbitrary<Findings> = fc.record({
  detections: fc.array(detection, { maxLength: 3 }),
  notSeen: fc.array(note, { maxLength: 2 }),
  children: fc.array(verdict, { maxLength: 4 }),
  trusted: fc.boolean(),
})
const rank = (of: Verdict) => Math.max(0, ORDER.indexOf(of))

describe('verdict of one artifact', () => {
  const malicious = { severity: 'malicious' } as const
  const suspicious = { severity: 'suspicious' } as const
  const unwanted = { severity: 'unwanted' } as const
  const encrypted = { reason: 'encrypted' } as const
  const nothing: Findings = { detections: [], notSeen: [], children: [] }
  test.each<[string, Partial<Findings>, Verdict]>([
    ['nothing found, all seen', {}, 'clean'],
    ['a malicious detection', { detections: [malicious] }, 'infected'],
    ['a suspicious detection', { detections: [suspicious] }, 'suspicious'],
    ['an unwanted detection', { detections: [unwanted] }, 'unwanted'],
    ['the strongest detection', { detections: [unwanted, malicious, suspicious] }, 'infected'],
    ['something not seen', { notSeen: [encrypted] }, 'unscannable'],
    ['a detection before something not seen', { detections: [unwanted], notSeen: [encrypted] }, 'unwanted'],
    ['an infected child', { children: ['clean', 'infected'] }, 'infected'],
    ['an unscannable child', { children: ['clean', 'unscannable', 'trusted'] }, 'unscannable'],
    ['an unwanted child before something not seen', { children: ['unwanted'], notSeen: [encrypted] }, 'unwanted'],
    ['trusted children', { children: ['trusted', 'trusted'] }, 'clean'],
    ['an allow-listed artifact', { trusted: true }, 'trusted'],
    ['an allow-listed artifact that was not seen', { trusted: true, notSeen: [encrypted] }, 'trusted'],
    ['an allow-listed artifact with an unseen child', { trusted: true, children: ['unscannable'] }, 'trusted'],
    ['an allow-listed artifact with a detection that stayed', { trusted: true, detections: [unwanted] }, 'unwanted'],
    ['an allow-listed artifact with an infected child', { trusted: true, children: ['infected'] }, 'infected'],
  ])('%s', (_, given, expected) => {
    expect(verdictOf({ ...nothing, ...given })).toBe(expected)
  })

  test('a severity alone, and what counts as a finding', () => {
    expect(SEVERITIES.map(verdictOfSeverity)).toEqual(['infected', 'suspicious', 'unwanted'])
    expect(VERDICTS.filter(isFinding)).toEqual(['infected', 'suspicious', 'unwanted'])
  })
})

describe('laws', () => {
  test('strongest is commutative, associative and idempotent, and clean is neutral', () => {
    const asPart = (of: Verdict) => (of === 'trusted' ? 'clean' : of)
    for (const a of VERDICTS) {
      expect(strongest(a, a)).toBe(asPart(a))
      expect(strongest(a, 'clean')).toBe(asPart(a))
      for (const b of VERDICTS) {
        expect(strongest(a, b)).toBe(strongest(b, a))
        expect(rank(strongest(a, b))).toBe(Math.max(rank(a), rank(b)))
        for (const c of VERDICTS) expect(strongest(strongest(a, b), c)).toBe(strongest(a, strongest(b, c)))
      }
    }
  })

  test('the order of findings does not matter', () => {
    fc.assert(
      fc.property(findings, given => {
        const turned = {
          ...given,
          detections: given.detections.toReversed(),
          children: given.children.toReversed(),
        }
        expect(verdictOf(turned)).toBe(verdictOf(given))
      }),
    )
  })

  test('clean means nothing unseen and no detection, in it or its children', () => {
    fc.assert(
      fc.property(findings, given => {
        const looked = given.notSeen.length === 0 && given.children.every(child => rank(child) === 0)
        const isClean = looked && given.detections.length === 0 && given.trusted !== true
        expect(verdictOf(given) === 'clean').toBe(isClean)
      }),
    )
  })

  test('more findings never weaken a verdict', () => {
    fc.assert(
      fc.property(findings, detection, note, verdict, (given, oneDetection, oneNote, child) => {
        const before = rank(verdictOf(given))
        const more: Findings[] = [
          { ...given, detections: [...given.detections, oneDetection] },
          { ...given, notSeen: [...given.notSeen, oneNote] },
          { ...given, children: [...given.children, child] },
        ]
        for (const findings of more) expect(rank(verdictOf(findings))).toBeGreaterThanOrEqual(before)
      }),
    )
  })

  test('adding something unseen never gives clean', () => {
    fc.assert(
      fc.property(findings, note, (given, one) => {
        expect(verdictOf({ ...given, notSeen: [...given.notSeen, one] })).not.toBe('clean')
      }),
    )
  })
})

describe('verdicts of a tree', () => {
  const tree: fc.Arbitrary<TreeNode[]> = fc
    .array(fc.tuple(findings, fc.nat()), { minLength: 1, maxLength: 12 })
    .map(items =>
      items.map(([{ detections, notSeen, trusted }, seed], id) => ({
        id,
        detections,
        notSeen,
        trusted: trusted === true,
        ...(id === 0 ? {} : { parent: seed % id }),
      })),
    )

  /** The obvious version: recursion from the root. */
  function reference(nodes: readonly TreeNode[], node: TreeNode): Verdict {
    const children = nodes.filter(({ parent }) => parent === node.id).map(child => reference(nodes, child))
    return verdictOf({ ...node, children })
  }

  test('agree with plain recursion', () => {
    fc.assert(
      fc.property(tree, nodes => {
        expect(verdictsOf(nodes)).toEqual(nodes.map(node => reference(nodes, node)))
      }),
    )
  })

  test('the root is clean only when nothing is unseen or found anywhere outside trusted artifacts', () => {
    fc.assert(
      fc.property(tree, nodes => {
        const none = nodes.map(node => ({ ...node, trusted: false }))
        const quiet = none.every(({ detections, notSeen }) => detections.length === 0 && notSeen.length === 0)
        expect(verdictsOf(none)[0] === 'clean').toBe(quiet)
      }),
    )
  })

  test('an empty list has no verdicts', () => {
    expect(verdictsOf([])).toEqual([])
  })

  test.each([
    ['a child before its parent', [{ id: 1, parent: 0 }, { id: 0 }], 'artifact 1 comes before its parent'],
    ['an id twice', [{ id: 0 }, { id: 0 }], 'artifact 0 is listed twice'],
    ['its own parent', [{ id: 0, parent: 0 }], 'artifact 0 comes before its parent'],
  ])('refuses %s', (_, ids, message) => {
    const nodes = ids.map(node => ({ ...node, detections: [], notSeen: [] }))
    expect(() => verdictsOf(nodes)).toThrow(new RangeError(message))
  })
})
