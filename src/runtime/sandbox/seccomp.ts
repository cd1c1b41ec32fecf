import { ABSENT_SYSCALLS, ARGUMENT_RULES, DENIED_SYSCALLS, LAST_KNOWN_SYSCALL } from './syscalls.ts'
import type { ArgumentRule, SyscallRow } from './syscalls.ts'

// The seccomp filter of a sandbox child, as a classic BPF program for `bwrap --seccomp`. One instruction is 8 bytes:
//
//   u16 code │ u8 jump if true │ u8 jump if false │ u32 k
//
// The data it looks at: u32 number of the call, u32 architecture, u64 instruction pointer, six u64 arguments.
// Source: linux/filter.h, linux/seccomp.h, seccomp(2).

const LOAD = 0x20
const JUMP_EQUAL = 0x15
const JUMP_GREATER = 0x25
const JUMP_SET = 0x45
const RETURN = 0x06

const OFFSET_NUMBER = 0
const OFFSET_ARCHITECTURE = 4
/** Lower half of argument 0, on a little-endian machine; all flags lie there. */
const OFFSET_ARGUMENTS = 16

const ALLOW = 0x7fff0000
const KILL_PROCESS = 0x80000000
const ERRNO = 0x00050000
const EPERM = 1
const ENOSYS = 38

/** By the names of `process.arch`: AUDIT_ARCH_X86_64 and AUDIT_ARCH_AARCH64, and the column of the table. */
const ARCHITECTURES = {
  x64: { audit: 0xc000003e, column: 1 },
  arm64: { audit: 0xc00000b7, column: 2 },
} as const
type Architecture = keyof typeof ARCHITECTURES

/** True where a filter can be made for this architecture, by its name in `process.arch`. */
export const hasSeccomp = (arch: string): arch is Architecture => Object.hasOwn(ARCHITECTURES, arch)

type Instruction = readonly [code: number, jumpTrue: number, jumpFalse: number, k: number]

const answer = (k: number): Instruction => [RETURN, 0, 0, k]

/** The instructions that answer one call, whatever its arguments. */
const always = (number: number, errno: number): readonly Instruction[] => [
  [JUMP_EQUAL, 0, 1, number],
  answer(ERRNO | errno),
]

const byArgument = (number: number, { argument, needs, forbids }: ArgumentRule): readonly Instruction[] => [
  [JUMP_EQUAL, 0, 4, number],
  [LOAD, 0, 0, OFFSET_ARGUMENTS + 8 * argument],
  [JUMP_SET, needs === undefined ? 0 : 1, needs === undefined ? 1 : 0, needs ?? forbids ?? 0],
  answer(ERRNO | EPERM),
  answer(ALLOW),
]

/** The filter as instructions. Another architecture, such as 32-bit calls on x86-64, ends the process. */
function* instructions({ audit, column }: (typeof ARCHITECTURES)[Architecture]): Generator<Instruction> {
  yield [LOAD, 0, 0, OFFSET_ARCHITECTURE]
  yield [JUMP_EQUAL, 1, 0, audit]
  yield answer(KILL_PROCESS)
  yield [LOAD, 0, 0, OFFSET_NUMBER]
  // Numbers of the x32 variant of x86-64 have bit 30 set, so that this refuses them, too.
  yield [JUMP_GREATER, 0, 1, LAST_KNOWN_SYSCALL]
  yield answer(ERRNO | ENOSYS)
  const numbers = (rows: readonly SyscallRow[]) => rows.map(row => row[column]).filter(number => number >= 0)
  for (const number of numbers(ABSENT_SYSCALLS)) yield* always(number, ENOSYS)
  for (const number of numbers(DENIED_SYSCALLS)) yield* always(number, EPERM)
  for (const rule of ARGUMENT_RULES) {
    const number = rule.call[column]
    if (number >= 0) yield* byArgument(number, rule)
  }
  yield answer(ALLOW)
}

/** The program for an architecture, about 3 KiB, ready for the kernel. */
export const seccompProgram = (arch: Architecture): Uint8Array => {
  const list = [...instructions(ARCHITECTURES[arch])]
  const program = new DataView(new ArrayBuffer(list.length * 8))
  for (const [index, [code, jumpTrue, jumpFalse, k]] of list.entries()) {
    program.setUint16(index * 8, code, true)
    program.setUint8(index * 8 + 2, jumpTrue)
    program.setUint8(index * 8 + 3, jumpFalse)
    program.setUint32(index * 8 + 4, k, true)
  }
  return new Uint8Array(program.buffer)
}
