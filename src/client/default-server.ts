import { homedir } from 'node:os'
import { join } from 'node:path'

/** Where a server of this user, or of this machine for root, listens unless told otherwise. */
export const defaultServer = (): string => {
  if (process.platform === 'win32') return 'tcp:127.0.0.1:8321'
  const root = process.getuid?.() === 0
  return `unix:${join(root ? '/var/lib/lazaret' : join(homedir(), '.local/share/lazaret'), 'native.sock')}`
}
