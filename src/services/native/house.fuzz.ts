import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, vi } from 'vitest'
import { createFakeScanner } from './fake-scanner.fuzz.ts'
import type { FakeScanner } from './fake-scanner.fuzz.ts'
import { startNativeListener } from './listener.ts'
import type { NativeListener, NativeListenerOptions } from './listener.ts'
import { connectPeer } from './peer.fuzz.ts'
import type { Peer, PeerOptions } from './peer.fuzz.ts'

// What the tests of the listener share: listeners and peers that end with their test.

const folder = mkdtempSync(join(tmpdir(), 'lazaret-native-'))
const listeners: NativeListener[] = []
const peers: Peer[] = []

afterEach(async () => {
  for (const peer of peers.splice(0)) peer.socket.destroy()
  await Promise.all(listeners.splice(0).map(async listener => listener.close()))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** A path in a folder that is removed after the tests. */
export const at = (name: string): string => join(folder, name)

/** Address of a unix socket for one listener at a time. */
export const SOCKET = `unix:${at('s.sock')}`

/** Starts a listener. */
export const serve = async (
  address: string,
  scanner: FakeScanner = createFakeScanner(),
  options: Partial<NativeListenerOptions> = {},
): Promise<NativeListener> => {
  const listener = await startNativeListener({ address, scanner, software: 'test/1', ...options })
  listeners.push(listener)
  return listener
}

/** Connects to a listener. */
export const enter = async (listener: { readonly address: string }, options?: PeerOptions): Promise<Peer> => {
  const peer = await connectPeer(listener.address, options)
  peers.push(peer)
  return peer
}

/** Waits for something that must come, however slow the machine is. */
export const until = async (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 15_000, interval: 5 })
