/** One limit of a listener: the declaration carries default, unit, range and meaning. */
export interface LimitDeclaration {
  readonly default: number
  readonly unit: 'bytes' | 'bytes/s' | 'ms' | 'count'
  readonly min: number
  readonly max: number
  readonly text: string
}

/** A declaration, positionally: tables of them read as tables. */
export const limit = (
  value: number,
  unit: LimitDeclaration['unit'],
  min: number,
  max: number,
  text: string,
): LimitDeclaration => ({ default: value, unit, min, max, text })

/**
 * Limits with defaults filled in.
 * @param group - what stands before the names in messages
 * @throws RangeError that names the limit, its range and its unit
 */
export const resolveLimits = <Name extends string>(
  group: string,
  declarations: Readonly<Record<Name, LimitDeclaration>>,
  given: Partial<Readonly<Record<Name, number>>>,
): Readonly<Record<Name, number>> => {
  const names = Object.keys(declarations) as Name[]
  const pairs = names.map(name => {
    const { default: value, min, max, unit } = declarations[name]
    const chosen = given[name] ?? value
    if (!(chosen >= min && chosen <= max)) {
      throw new RangeError(`${group}.${name} is ${chosen}; it must be from ${min} to ${max} (${unit})`)
    }
    return [name, chosen] as const
  })
  return Object.fromEntries(pairs) as Readonly<Record<Name, number>>
}
