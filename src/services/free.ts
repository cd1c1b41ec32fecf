/** Smaller buffers are left to the garbage collector. */
const FREE_BYTES = 16 * 1024

/**
 * Gives memory back at once. Content passes through faster than the collector, which counts objects rather than bytes,
 * would notice. Only for bytes that have their buffer for themselves, and that nobody reads or writes any more.
 */
export const free = (bytes: Uint8Array): void => {
  const { buffer } = bytes
  if (bytes.length < FREE_BYTES || bytes.length !== buffer.byteLength || !(buffer instanceof ArrayBuffer)) return
  buffer.transfer(0)
}
