import { sql } from 'kysely'
import type { SearchNode } from '../../usecases/index.ts'
import type { Context } from './context.ts'
import { seqOfTime } from './ids.ts'
import { termOf, wordsOfTest, type Sql, type Term, type TestNode } from './search-terms.ts'

// How a query is answered. Pages are asked for newest first, so that a condition that holds often needs no index: going
// back through the scans fills a page soon. One that holds seldom does: of the conditions that must all hold, each that
// an index can list is counted up to SMALL, and the smallest list is what the rest is tested on. Measured with a million
// scans this keeps both the common and the rare query within milliseconds; what costs most is a query whose conditions
// each hold often and hardly ever together.

export interface Plan {
  /** A condition over `scans s`. */
  readonly where: Sql
  /** It begins with a list of at most SMALL scans. */
  readonly isSmall: boolean
  /** A list of exactly what matches, from an index alone, where the query is that simple. */
  readonly whole: Sql | undefined
}

const SMALL = 10_000
/** A list this short is taken without counting the others. */
const TINY = 200

export async function planOf(context: Context, node: SearchNode): Promise<Plan> {
  const terms = new Map<TestNode, Term>()
  for (const test of testsOf(node)) terms.set(test, termOf(context, test, await wordsOfTest(context, test)))
  const conditions = node.kind === 'and' ? node.nodes : [node]
  const bounds = boundsOf(conditions)
  const filter = filterOf(node, terms)
  const listed = conditions.flatMap(condition => driverOf(condition, terms) ?? [])
  const smallest = await smallestOf(context, listed, bounds)
  const others = conditions.filter(condition => !isTime(condition))
  const [only] = listed
  const whole = others.length === 1 && listed.length === 1 && only.exact ? bounded(only.sql, bounds) : undefined
  return {
    where: smallest === undefined ? filter : sql`s.seq in (${bounded(smallest, bounds)}) and ${filter}`,
    isSmall: smallest !== undefined,
    whole,
  }
}

interface Driver {
  readonly sql: Sql
  readonly exact: boolean
}

function* testsOf(node: SearchNode): Generator<TestNode> {
  if (node.kind === 'test') yield node
  else if (node.kind === 'not') yield* testsOf(node.node)
  else if (node.kind !== 'all') for (const child of node.nodes) yield* testsOf(child)
}

function filterOf(node: SearchNode, terms: ReadonlyMap<TestNode, Term>): Sql {
  switch (node.kind) {
    case 'all':
      return sql`1 = 1`
    case 'test':
      return (terms.get(node) as Term).filter
    // What is unknown, such as the verdict of a scan that waits, is not so.
    case 'not':
      return sql`(case when ${filterOf(node.node, terms)} then 0 else 1 end) = 1`
    default: {
      const parts = node.nodes.map(child => filterOf(child, terms))
      return sql`(${sql.join(parts, node.kind === 'and' ? sql` and ` : sql` or `)})`
    }
  }
}

/** A list of everything that the node can hold for, by indexes. */
function driverOf(node: SearchNode, terms: ReadonlyMap<TestNode, Term>): Driver | undefined {
  if (node.kind === 'test') {
    const { driver, exact = false } = terms.get(node) as Term
    return driver === undefined ? undefined : { sql: driver, exact }
  }
  if (node.kind === 'and') return node.nodes.map(child => driverOf(child, terms)).find(driver => driver !== undefined)
  if (node.kind !== 'or') return undefined
  const parts = node.nodes.map(child => driverOf(child, terms))
  if (parts.some(part => part === undefined)) return undefined
  const lists = (parts as Driver[]).map(part => sql`select seq from (${part.sql}) as part`)
  return {
    sql: sql.join(lists, sql` union `),
    exact: (parts as Driver[]).every(({ exact }) => exact) && node.nodes.every(child => child.kind === 'test'),
  }
}

const bounded = (driver: Sql, bounds: Sql): Sql => sql`select listed.seq from (${driver}) as listed where ${bounds}`

async function smallestOf(context: Context, drivers: readonly Driver[], bounds: Sql): Promise<Sql | undefined> {
  let best: { sql: Sql; count: number } | undefined
  for (const { sql: driver } of drivers) {
    const { rows } = await sql<{ count: number }>`select count(*) as count
      from (${bounded(driver, bounds)} limit ${SMALL + 1}) as probe`.execute(context.database.read)
    const number = rows[0].count
    if (number <= SMALL && (best === undefined || number < best.count)) best = { sql: driver, count: number }
    if (best !== undefined && best.count <= TINY) break
  }
  return best?.sql
}

const isTime = (node: SearchNode): boolean => node.kind === 'test' && node.field === 'time'

/** Times that must hold bound every list. */
function boundsOf(conditions: readonly SearchNode[]): Sql {
  const bounds: Sql[] = []
  for (const node of conditions) {
    if (node.kind !== 'test' || node.field !== 'time' || node.value.kind !== 'range') continue
    const { least, most } = node.value
    if (least !== undefined) bounds.push(sql`listed.seq >= ${seqOfTime(least)}`)
    if (most !== undefined) bounds.push(sql`listed.seq < ${seqOfTime(most + 1)}`)
  }
  return bounds.length === 0 ? sql`1 = 1` : sql.join(bounds, sql` and `)
}
