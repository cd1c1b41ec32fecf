// System calls that a sandbox child never needs, as rows of name, number on x86-64, number on arm64 (-1: there is none).
// A child only computes: it reads its standard input, writes its standard output, and asks for memory and threads.
// Sources: arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h of Linux.

export type SyscallRow = readonly [name: string, x64: number, arm64: number]

/** Numbers above this are newer than this table: they are answered ENOSYS, as by a kernel that lacks them. */
export const LAST_KNOWN_SYSCALL = 462

/** Answered with EPERM, whatever the arguments. */
// prettier-ignore
export const DENIED_SYSCALLS: readonly SyscallRow[] = [
  // Sockets. What the child was given are sockets, too, but it only reads and writes them.
  ['socket', 41, 198], ['socketpair', 53, 199], ['connect', 42, 203], ['bind', 49, 200], ['listen', 50, 201],
  ['accept', 43, 202], ['accept4', 288, 242], ['sendto', 44, 206], ['recvfrom', 45, 207], ['sendmsg', 46, 211],
  ['recvmsg', 47, 212], ['sendmmsg', 307, 269], ['recvmmsg', 299, 243], ['getsockname', 51, 204],
  ['getpeername', 52, 205], ['setsockopt', 54, 208],
  // Processes. `execve` is absent: bwrap itself calls it after the filter is in force.
  ['execveat', 322, 281], ['fork', 57, -1], ['vfork', 58, -1], ['kill', 62, 129], ['tkill', 200, 130],
  ['rt_sigqueueinfo', 129, 138], ['rt_tgsigqueueinfo', 297, 240], ['pidfd_send_signal', 424, 424],
  ['pidfd_open', 434, 434], ['pidfd_getfd', 438, 438], ['ptrace', 101, 117], ['process_vm_readv', 310, 270],
  ['process_vm_writev', 311, 271], ['process_madvise', 440, 440], ['process_mrelease', 448, 448], ['kcmp', 312, 272],
  ['get_robust_list', 274, 100], ['move_pages', 279, 239], ['migrate_pages', 256, 238], ['setsid', 112, 157],
  ['setpgid', 109, 154], ['setpriority', 141, 140], ['ioprio_set', 251, 30],
  // Mounts and namespaces
  ['mount', 165, 40], ['umount2', 166, 39], ['pivot_root', 155, 41], ['chroot', 161, 51], ['open_tree', 428, 428],
  ['move_mount', 429, 429], ['fsopen', 430, 430], ['fsconfig', 431, 431], ['fsmount', 432, 432], ['fspick', 433, 433],
  ['mount_setattr', 442, 442], ['statmount', 457, 457], ['listmount', 458, 458], ['swapon', 167, 224],
  ['swapoff', 168, 225], ['unshare', 272, 97], ['setns', 308, 268],
  // Files: nothing is made, changed or removed. Opening for writing is decided by its flags, below.
  ['open_by_handle_at', 304, 265], ['name_to_handle_at', 303, 264], ['openat2', 437, 437], ['creat', 85, -1],
  ['unlink', 87, -1], ['unlinkat', 263, 35], ['rename', 82, -1], ['renameat', 264, 38], ['renameat2', 316, 276],
  ['mkdir', 83, -1], ['mkdirat', 258, 34], ['rmdir', 84, -1], ['link', 86, -1], ['linkat', 265, 37],
  ['symlink', 88, -1], ['symlinkat', 266, 36], ['mknod', 133, -1], ['mknodat', 259, 33], ['chmod', 90, -1],
  ['fchmod', 91, 52], ['fchmodat', 268, 53], ['fchmodat2', 452, 452], ['chown', 92, -1], ['fchown', 93, 55],
  ['lchown', 94, -1], ['fchownat', 260, 54], ['truncate', 76, 45], ['utime', 132, -1], ['utimes', 235, -1],
  ['utimensat', 280, 88], ['futimesat', 261, -1], ['setxattr', 188, 5], ['lsetxattr', 189, 6], ['fsetxattr', 190, 7],
  ['removexattr', 197, 14], ['lremovexattr', 198, 15], ['fremovexattr', 199, 16], ['fallocate', 285, 47],
  ['splice', 275, 76], ['tee', 276, 77], ['vmsplice', 278, 75], ['copy_file_range', 326, 285], ['sendfile', 40, 71],
  ['memfd_create', 319, 279], ['memfd_secret', 447, 447], ['fanotify_init', 300, 262], ['fanotify_mark', 301, 263],
  ['inotify_init', 253, -1], ['inotify_init1', 294, 26], ['inotify_add_watch', 254, 27],
  // Memory and queues shared with others
  ['shmget', 29, 194], ['shmat', 30, 196], ['shmctl', 31, 195], ['shmdt', 67, 197], ['msgget', 68, 186],
  ['msgsnd', 69, 189], ['msgrcv', 70, 188], ['msgctl', 71, 187], ['semget', 64, 190], ['semop', 65, 193],
  ['semctl', 66, 191], ['semtimedop', 220, 192], ['mq_open', 240, 180], ['mq_unlink', 241, 181],
  ['mq_timedsend', 242, 182], ['mq_timedreceive', 243, 183], ['mq_notify', 244, 184], ['mq_getsetattr', 245, 185],
  // Doors into the kernel that were often broken
  ['io_uring_setup', 425, 425], ['io_uring_enter', 426, 426], ['io_uring_register', 427, 427], ['io_setup', 206, 0],
  ['io_submit', 209, 2], ['io_cancel', 210, 3], ['io_destroy', 207, 1], ['io_getevents', 208, 4], ['bpf', 321, 280],
  ['perf_event_open', 298, 241], ['userfaultfd', 323, 282], ['seccomp', 317, 277], ['keyctl', 250, 219],
  ['add_key', 248, 217], ['request_key', 249, 218],
  // The machine
  ['init_module', 175, 105], ['finit_module', 313, 273], ['delete_module', 176, 106], ['kexec_load', 246, 104],
  ['kexec_file_load', 320, 294], ['reboot', 169, 142], ['syslog', 103, 116], ['acct', 163, 89], ['quotactl', 179, 60],
  ['quotactl_fd', 443, 443], ['sethostname', 170, 161], ['setdomainname', 171, 162], ['settimeofday', 164, 170],
  ['clock_settime', 227, 112], ['clock_adjtime', 305, 266], ['adjtimex', 159, 171], ['iopl', 172, -1],
  ['ioperm', 173, -1], ['modify_ldt', 154, -1], ['personality', 135, 92], ['vhangup', 153, 58],
  ['lookup_dcookie', 212, 18], ['uselib', 134, -1], ['nfsservctl', 180, 42], ['ustat', 136, -1], ['sysfs', 139, -1],
  ['_sysctl', 156, -1],
  // Rights
  ['setuid', 105, 146], ['setgid', 106, 144], ['setreuid', 113, 145], ['setregid', 114, 143], ['setresuid', 117, 147],
  ['setresgid', 119, 149], ['setfsuid', 122, 151], ['setfsgid', 123, 152], ['setgroups', 116, 159],
  ['capset', 126, 91], ['lsm_get_self_attr', 459, 459], ['lsm_set_self_attr', 460, 460],
  ['lsm_list_modules', 461, 461],
]

/** Answered with ENOSYS: the C library goes on with an older call, which the filter can look into. */
export const ABSENT_SYSCALLS: readonly SyscallRow[] = [['clone3', 435, 435]]

/** Bits of an argument that decide. `needs`: refused without any of them; `forbids`: refused with one of them. */
export interface ArgumentRule {
  readonly call: SyscallRow
  readonly argument: number
  readonly needs?: number
  readonly forbids?: number
}

const CLONE_THREAD = 0x10000
/** O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND and the bit that is O_TMPFILE's own. */
const OPEN_TO_WRITE = 0o1 | 0o2 | 0o100 | 0o1000 | 0o2000 | 0o20000000

export const ARGUMENT_RULES: readonly ArgumentRule[] = [
  { call: ['clone', 56, 220], argument: 0, needs: CLONE_THREAD },
  { call: ['open', 2, -1], argument: 1, forbids: OPEN_TO_WRITE },
  { call: ['openat', 257, 56], argument: 2, forbids: OPEN_TO_WRITE },
]
