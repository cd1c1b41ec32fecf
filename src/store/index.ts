export { backupLines, BackupError, restoreLines } from './sql/backup.ts'
export { inspectLedger, type LedgerInspection } from './sql/inspect.ts'
export {
  openDatabase,
  openPostgres,
  openSqlite,
  overPostgres,
  type Database,
  type DatabaseKind,
} from './sql/database.ts'
export { migrate, SchemaError } from './sql/migrate.ts'
export { openLedger } from './sql/ledger.ts'
export { systemClock, systemHashes, systemRandom } from './host.ts'
export { inspectVault, openVault, vaultKeyFile, type OpenVaultOptions } from './vault/index.ts'
export { createPackager, type PackagerOptions } from './pack/index.ts'
export type { EncryptedVault, VaultCheck } from './vault/vault.ts'
export type { S3Options } from './vault/s3.ts'
export { openAccountStore } from './sql/accounts.ts'
export { createPasswordHasher } from './passwords.ts'
export { readOrMakeSecret } from './secret-file.ts'
