export { openPostgres, openSqlite, type Database } from './sql/database.ts'
export { migrate, SchemaError } from './sql/migrate.ts'
