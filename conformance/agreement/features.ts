import type { Expression } from './expression.ts'
import type { Item } from './pattern.ts'
import type { Signature } from './signature.ts'

/** What of the grammar a signature uses: words that can be counted and chosen by. */
export function featuresOf(signature: Signature): Set<string> {
  const features = new Set([`${signature.extension} target ${signature.target}`])
  for (const key of signature.conditions.keys()) features.add(`condition ${key}`)
  for (const { offset, items, modifiers } of signature.subs) {
    features.add(`offset ${offset.base}${offset.maxShift > 0 ? ' with range' : ''}`)
    if (modifiers !== '') features.add(`modifiers ${Array.from(modifiers).sort().join('')}`)
    items.forEach(item => features.add(itemFeature(item)))
  }
  expressionFeatures(signature.expression, features)
  return features
}

function itemFeature(item: Item): string {
  if (item.kind === 'byte') return item.mask === 0xff ? 'literal' : item.mask === 0 ? 'any byte' : 'nibble'
  if (item.kind === 'edge') return `edge ${item.isNegated ? 'not ' : ''}${item.mark}`
  if (item.kind === 'choice') return choiceFeature(item)
  if (item.min === item.max) return item.min < 128 ? 'exact gap' : 'long exact gap'
  return item.max === Infinity
    ? item.min === 0
      ? 'star'
      : 'open gap'
    : item.min === 0
      ? 'gap from zero'
      : 'ranged gap'
}

function choiceFeature({ options, isNegated }: Extract<Item, { kind: 'choice' }>): string {
  const lengths = new Set(options.map(option => option.length))
  const isNested = options.some(option => option.some(item => item.kind === 'choice'))
  const kind = isNested ? 'nested' : lengths.size > 1 ? 'generic' : lengths.has(1) ? 'single' : 'equal'
  return `${isNegated ? 'negated ' : ''}${kind} alternates`
}

function expressionFeatures(expression: Expression, features: Set<string>): void {
  if (expression.kind === 'and' || expression.kind === 'or') {
    features.add(expression.kind)
    expressionFeatures(expression.left, features)
    expressionFeatures(expression.right, features)
    return
  }
  const where = expression.kind === 'id' ? 'count' : 'block count'
  const { count } = expression
  if (count !== undefined)
    features.add(`${where} ${count.sign}${count.number === 0 ? '0' : ''}${count.distinct > 0 ? ' distinct' : ''}`)
  if (expression.kind === 'block') expressionFeatures(expression.inner, features)
}

/** The first `each` signatures of every feature. */
export function chooseByFeature(signatures: readonly Signature[], each: number): Set<Signature> {
  const counts = new Map<string, number>()
  const chosen = new Set<Signature>()
  for (const signature of signatures) {
    for (const feature of featuresOf(signature)) {
      const seen = counts.get(feature) ?? 0
      if (seen >= each) continue
      counts.set(feature, seen + 1)
      chosen.add(signature)
    }
  }
  return chosen
}
