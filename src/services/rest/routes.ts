import type { UseCaseName } from '../../usecases/index.ts'
import type { Route } from './route.ts'
import { ACCOUNT_ROUTES } from './routes-accounts.ts'
import { OPERATION_ROUTES } from './routes-operations.ts'
import { SAMPLE_ROUTES } from './routes-samples.ts'
import { SCAN_ROUTES } from './routes-scans.ts'

/** Every operation of `/api/v1`. */
export const ROUTES: readonly Route[] = [...SCAN_ROUTES, ...SAMPLE_ROUTES, ...OPERATION_ROUTES, ...ACCOUNT_ROUTES]

/** The use cases that are reachable through this door. `getScan` waits no time; `awaitScan` does. */
export const REST_SERVES: readonly UseCaseName[] = [
  ...new Set<UseCaseName>(['getScan', ...ROUTES.map(row => row.useCase)]),
]
