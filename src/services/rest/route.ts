import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Static, TObject, TSchema } from 'typebox'
import type { Principal, UseCaseName, UseCases } from '../../usecases/index.ts'
import type { HttpErrorCode } from './problems.ts'
import type { UploadDoor } from './upload.ts'
import type { UseCaseErrorCode } from '../../usecases/index.ts'

// One row for each operation. Routing, validation, the OpenAPI document, docs/rest.md and the tests over all routes
// come from these rows.

/** What a handler has. */
export interface Call<P = unknown, Q = unknown, B = unknown> {
  readonly useCases: UseCases
  readonly principal: Principal
  readonly params: P
  readonly query: Q
  readonly body: B
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly door: UploadDoor
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal
}

/** What a body may be: JSON, or content that is never held whole. */
export type BodySpec =
  | { readonly kind: 'json'; readonly schema: TSchema }
  | { readonly kind: 'content'; readonly types: readonly ('raw' | 'multipart')[]; readonly many?: true }

export interface ReplySpec {
  readonly status: number
  readonly text: string
  /** Of JSON answers. */
  readonly schema?: TSchema
  /** Of others, all that there may be. */
  readonly types?: readonly string[]
}

export interface Route {
  readonly operationId: string
  readonly tag: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** As OpenAPI writes it, below /api/v1. */
  readonly path: string
  readonly useCase: UseCaseName
  readonly summary: string
  readonly description?: string
  readonly params?: TObject
  readonly query?: TObject
  readonly headers?: TObject
  readonly body?: BodySpec
  readonly replies: readonly ReplySpec[]
  /** Refusals worth naming, besides those that any operation may answer with. */
  readonly errors?: readonly (UseCaseErrorCode | HttpErrorCode)[]
  /** An example of the body or of what stands in the query. */
  readonly example?: unknown
  handle(call: Call): unknown
}

type StaticOf<T> = T extends TSchema ? Static<T> : undefined
interface Typed<P extends TObject | undefined, Q extends TObject | undefined, B> {
  readonly params?: P
  readonly query?: Q
  readonly body?: B
  handle(call: Call<StaticOf<P>, StaticOf<Q>, B extends { schema: infer S } ? StaticOf<S> : undefined>): unknown
}

/** A row whose handler knows the types of what was checked. */
export const route = <
  const P extends TObject | undefined = undefined,
  const Q extends TObject | undefined = undefined,
  const B extends BodySpec | undefined = undefined,
>(
  row: Omit<Route, 'params' | 'query' | 'body' | 'handle'> & Typed<P, Q, B>,
): Route => row as unknown as Route

export const json = <S extends TSchema>(schema: S) => ({ kind: 'json', schema }) as const
export const ok = (schema: TSchema, text = 'Done'): ReplySpec => ({ status: 200, text, schema })
export const NO_CONTENT: ReplySpec = { status: 204, text: 'Done' }
