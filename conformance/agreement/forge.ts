import { plansOf, type Counts } from './expression.ts'
import { instantiate, type Chunk, type Filling, type Spoil } from './instance.ts'
import { layOut } from './layout.ts'
import { Random } from './random.ts'
import { LeftOut, type Offset, type Signature } from './signature.ts'

/** How a specimen differs from what its signature asks for. */
export type Variant = 'positive' | 'byte' | 'gap' | 'offset' | 'count' | 'missing'

/** A file made for one signature. */
export interface Specimen {
  readonly signature: Signature
  readonly variant: Variant
  readonly content: Uint8Array
}

/** Text types are filled with letters, so that normalisation changes nothing in between. */
const TEXT_TARGETS = new Set([3, 4, 7])
const MAX_COUNT = 400
/** Patterns with a range of places may collide at first. */
const ATTEMPTS = ['', 'again', 'once more'] as const

/**
 * A positive and near misses for one signature: one byte off, and one of gap, offset or count wrong where it has one.
 * @throws LeftOut where no positive can be forged
 */
export function forge(signature: Signature): Specimen[] {
  const plans = plansOf(signature.expression).filter(plan => [...plan.values()].every(times => times <= MAX_COUNT))
  let failure: unknown = new LeftOut('expression that nothing makes true')
  for (const [plan, attempt] of plans.flatMap(plan => ATTEMPTS.map(attempt => [plan, attempt] as const))) {
    try {
      const make = (variant: Variant) => specimen(signature, plan, variant, attempt)
      const positive = make('positive')
      if (positive === undefined) throw new LeftOut('no positive')
      const others = [unless(() => make('byte')), firstOf(signature, make)]
      return [positive, ...others.filter(other => other !== undefined)]
    } catch (error) {
      failure = error
    }
  }
  throw failure
}

function unless(make: () => Specimen | undefined): Specimen | undefined {
  try {
    return make()
  } catch {
    return undefined
  }
}

/** The second near miss: another kind for another signature. */
function firstOf(signature: Signature, make: (variant: Variant) => Specimen | undefined): Specimen | undefined {
  const kinds: Variant[] = ['gap', 'offset', 'count', 'missing']
  const turn = new Random(signature.name).below(kinds.length)
  for (const kind of [...kinds.slice(turn), ...kinds.slice(0, turn)]) {
    const made = unless(() => make(kind))
    if (made !== undefined) return made
  }
  return undefined
}

function specimen(signature: Signature, plan: Counts, variant: Variant, attempt: string): Specimen | undefined {
  const random = new Random(`${signature.line}${variant}${attempt}`)
  const filling: Filling = TEXT_TARGETS.has(signature.target) ? 'text' : 'binary'
  const wanted = [...plan].filter(([, times]) => times > 0)
  const [spoiltId] = wanted.length === 0 ? [-1] : random.pick(wanted)
  if (variant !== 'positive' && spoiltId < 0) return undefined
  const chunks: Chunk[] = []
  let isSpoilt = false
  for (const [id, planned] of wanted) {
    const sub = signature.subs[id]
    if (sub === undefined) throw new LeftOut('malformed line')
    let times = planned
    let spoil: Spoil = 'none'
    if (id === spoiltId) {
      if (variant === 'count' || variant === 'missing') {
        times = variant === 'missing' ? 0 : planned === 1 ? 2 : planned - 1
        isSpoilt = true
      } else if (variant === 'byte' || variant === 'gap') spoil = variant
    }
    for (let i = 0; i < times; i++) {
      const made = instantiate(sub, random, filling, spoil)
      if (made === undefined) return undefined
      if (spoil !== 'none') isSpoilt = true
      chunks.push(...made.map(chunk => (i === 0 ? chunk : free(chunk))))
    }
  }
  const placed = variant === 'offset' ? shiftOne(chunks) : chunks.map(chunk => withinRange(chunk, random))
  if (placed === undefined || (!isSpoilt && variant !== 'positive' && variant !== 'offset')) return undefined
  return { signature, variant, content: layOut(signature, placed, random) }
}

/** A further match of the same subsignature cannot lie at the same fixed place. */
function free(chunk: Chunk): Chunk {
  if (chunk.offset.base !== 'any') throw new LeftOut('several matches at one place')
  return chunk
}

/** A place somewhere in the range that the offset allows. */
function withinRange(chunk: Chunk, random: Random): Chunk {
  const { offset } = chunk
  if (offset.maxShift === 0) return chunk
  return { ...chunk, offset: { ...offset, delta: offset.delta + random.below(offset.maxShift + 1) } }
}

/** The first chunk with a fixed place, one byte beyond the last place that would do. */
function shiftOne(chunks: readonly Chunk[]): Chunk[] | undefined {
  const fixed = (offset: Offset) => !['any', 'inside', 'version'].includes(offset.base)
  const index = chunks.findIndex(chunk => fixed(chunk.offset))
  if (index < 0) return undefined
  const moved = [...chunks]
  const { offset } = moved[index]
  moved[index] = { ...moved[index], offset: { ...offset, delta: offset.delta + offset.maxShift + 1 } }
  return moved
}
