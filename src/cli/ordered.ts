// Many at a time, results in the order of the input.

export interface Limits {
  /** How many run at the same time. */
  readonly active: number
  /** How far the fast ones may run ahead of a slow one; their results are kept until it is done. */
  readonly ahead: number
}

interface Slot<R> {
  settled: boolean
  readonly result: Promise<R>
}

/**
 * Runs `work` over a source and yields its results in order.
 * @param work - must not reject: what goes wrong is part of its result
 */
export async function* mapOrdered<T, R>(
  source: AsyncIterable<T>,
  limits: Limits,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const slots: Slot<R>[] = []
  let active = 0
  let wake = Promise.withResolvers<void>()
  const start = (item: T): void => {
    active++
    const slot: Slot<R> = {
      settled: false,
      result: work(item).finally(() => {
        slot.settled = true
        active--
        wake.resolve()
      }),
    }
    slots.push(slot)
  }
  for await (const item of source) {
    start(item)
    for (;;) {
      if (slots[0]?.settled) yield (slots.shift() as Slot<R>).result
      else if (active < limits.active && slots.length < limits.ahead) break
      else {
        await wake.promise
        wake = Promise.withResolvers()
      }
    }
  }
  for (const slot of slots) yield await slot.result
}
