/** Where a server of this user, or of this machine for root, listens unless told otherwise. */
export const defaultServer = (env: Readonly<Record<string, string | undefined>> = process.env): string => {
  if (process.platform === 'win32') return 'tcp:127.0.0.1:8321'
  const folder = process.getuid?.() === 0 ? '/var/lib/lazaret' : `${env['HOME'] ?? ''}/.local/share/lazaret`
  return `unix:${folder}/native.sock`
}
