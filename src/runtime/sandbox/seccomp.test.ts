import { describe, expect, test } from 'vitest'
import { seccompProgram } from './seccomp.ts'
import { ABSENT_SYSCALLS, ARGUMENT_RULES, DENIED_SYSCALLS, LAST_KNOWN_SYSCALL } from './syscalls.ts'

const ALLOW = 0x7fff0000
const KILL = 0x80000000
const EPERM = 0x50001
const ENOSYS = 0x50026

/** A second reading of linux/filter.h: runs a program over what the kernel would show it. */
function answer(program: Uint8Array, audit: number, number: number, args: readonly number[] = []): number {
  const view = new DataView(new ArrayBuffer(64))
  view.setUint32(0, number, true)
  view.setUint32(4, audit, true)
  for (const [index, value] of args.entries()) view.setUint32(16 + 8 * index, value, true)
  const code = new DataView(program.buffer)
  let accumulator = 0
  for (let pc = 0; pc * 8 < program.length; pc++) {
    const operation = code.getUint16(pc * 8, true)
    const k = code.getUint32(pc * 8 + 4, true)
    const jump = (holds: boolean): void => {
      pc += code.getUint8(pc * 8 + (holds ? 2 : 3))
    }
    if (operation === 0x06) return k
    if (operation === 0x20) accumulator = view.getUint32(k, true)
    else if (operation === 0x15) jump(accumulator === k)
    else if (operation === 0x25) jump(accumulator > k)
    else if (operation === 0x45) jump((accumulator & k) !== 0)
    else throw new Error(`instruction ${pc} is ${operation}`)
  }
  throw new Error('no answer')
}

describe.each([
  ['x64', 0xc000003e, 1, { clone: 56, openat: 257, read: 0, write: 1, mmap: 9, futex: 202, execve: 59, exit: 231 }],
  [
    'arm64',
    0xc00000b7,
    2,
    { clone: 220, openat: 56, read: 63, write: 64, mmap: 222, futex: 98, execve: 221, exit: 94 },
  ],
] as const)('%s', (arch, audit, column, { clone, openat, ...needed }) => {
  const program = seccompProgram(arch)
  const of = (number: number, args?: readonly number[]): number => answer(program, audit, number, args)

  test('what is denied gets EPERM, and nothing else does', () => {
    const denied = new Set(DENIED_SYSCALLS.map(row => row[column]))
    const decided = new Set([...ABSENT_SYSCALLS, ...ARGUMENT_RULES.map(rule => rule.call)].map(row => row[column]))
    for (let number = 0; number <= LAST_KNOWN_SYSCALL; number++) {
      if (!decided.has(number)) expect([number, of(number)]).toEqual([number, denied.has(number) ? EPERM : ALLOW])
    }
  })

  test('what Node lives by is allowed', () => {
    for (const number of Object.values(needed)) expect(of(number)).toBe(ALLOW)
  })

  test('threads may be made, processes not', () => {
    expect(of(clone, [0x3d0f00])).toBe(ALLOW)
    expect(of(clone, [17])).toBe(EPERM)
    expect(of(clone, [0x10000000])).toBe(EPERM)
    expect(of(435)).toBe(ENOSYS)
  })

  test.each([
    ['to read', 0o2000000, ALLOW],
    ['a folder', 0o200000, ALLOW],
    ['to write', 0o1, EPERM],
    ['for both', 0o2, EPERM],
    ['to create', 0o100, EPERM],
    ['a nameless file', 0o20200000, EPERM],
  ])('opening %s', (_what, flags, expected) => {
    expect(of(openat, [0, 0, flags])).toBe(expected)
  })

  test('newer calls do not exist, other architectures end the process', () => {
    expect(of(LAST_KNOWN_SYSCALL + 1)).toBe(ENOSYS)
    expect(of(0x40000000 + 41)).toBe(ENOSYS)
    expect(answer(program, 0x40000003, 0)).toBe(KILL)
  })

  test('no number stands for two names', () => {
    const numbers = [...DENIED_SYSCALLS, ...ABSENT_SYSCALLS, ...ARGUMENT_RULES.map(rule => rule.call)]
      .map(row => row[column])
      .filter(number => number >= 0)
    expect(new Set(numbers).size).toBe(numbers.length)
  })
})
