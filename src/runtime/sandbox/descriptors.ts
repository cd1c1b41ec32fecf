import { readdirSync, readFileSync } from 'node:fs'

// Node closes its own descriptors in a child; one that this process was started with, by a shell or a service manager,
// may be open to children. A sandbox must not have it: something is put in its place.

/** O_CLOEXEC, in the octal flags of /proc/self/fdinfo. */
const CLOSE_ON_EXEC = 0o2000000
/** Descriptors above this are not looked at; nobody hands down so many. */
const MAX_DESCRIPTOR = 4096

/** The highest descriptor that a child would inherit beside the standard three, or -1. */
export const highestInherited = (): number => {
  let names: readonly string[]
  try {
    names = readdirSync('/proc/self/fd')
  } catch {
    return -1
  }
  return Math.max(-1, ...names.map(Number).filter(isInherited))
}

const isInherited = (descriptor: number): boolean => {
  if (descriptor <= 2 || descriptor > MAX_DESCRIPTOR) return false
  try {
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'latin1'))?.[1]
    return flags !== undefined && (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0
  } catch {
    // The one by which the list was read.
    return false
  }
}
