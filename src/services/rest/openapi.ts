import type { TSchema } from 'typebox'
import { POLICY, USE_CASE_ERRORS, type Rule } from '../../usecases/index.ts'
import { HTTP_ERRORS, PROBLEM_TYPE } from './problems.ts'
import type { BodySpec, ReplySpec, Route } from './route.ts'
import { COMPONENTS } from './schemas.ts'

// The OpenAPI 3.1 document of the route table.

const ANYWHERE = ['not-authenticated', 'not-allowed', 'invalid-input', 'rate-limited', 'internal'] as const
const NAMES = new Map<TSchema, string>(Object.entries(COMPONENTS).map(([name, schema]) => [schema, name]))

type Json = Record<string, unknown>

/** A schema with references in place of what stands in the components. */
export function referenced(schema: unknown, isTop = true): unknown {
  if (Array.isArray(schema)) return schema.map(item => referenced(item, false))
  if (typeof schema !== 'object' || schema === null) return schema
  const name = NAMES.get(schema as TSchema)
  if (name !== undefined && !isTop) return { $ref: `#/components/schemas/${name}` }
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, referenced(value, false)]))
}

const specOf = (code: string): { readonly title: string; readonly status: number; readonly remedy: string } =>
  ({ ...USE_CASE_ERRORS, ...HTTP_ERRORS })[code as keyof typeof USE_CASE_ERRORS]

/** Every status with which an operation refuses, with the codes. */
export function refusalsOf(route: Route): Map<number, string[]> {
  const { least }: Rule = POLICY[route.useCase]
  const takesInput = [route.params, route.query, route.body].some(part => part !== undefined)
  const general = ANYWHERE.filter(
    code => (least !== 'anyone' || !code.startsWith('not-')) && (takesInput || code !== 'invalid-input'),
  )
  const found = new Map<number, string[]>()
  for (const code of new Set([...general, ...(route.errors ?? [])])) {
    const { status } = specOf(code)
    found.set(status, [...(found.get(status) ?? []), code])
  }
  return found
}

export function openApiOf(routes: readonly Route[], version: string): Json {
  const paths: Record<string, Json> = {}
  for (const route of routes) {
    const path = (paths[`/api/v1${route.path}`] ??= {})
    path[route.method.toLowerCase()] = operationOf(route)
  }
  const schemas = Object.fromEntries(Object.entries(COMPONENTS).map(([name, schema]) => [name, referenced(schema)]))
  return {
    openapi: '3.1.0',
    info: {
      title: 'Lazaret', version, summary: 'Antivirus and binary analysis server',
      description: 'docs/rest.md has the words; errors are RFC 9457.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ key: [] }, { session: [], csrf: [] }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map(name => ({ name, description: `Operations: ${name}` })),
    paths,
    components: {
      schemas,
      securitySchemes: {
        key: { type: 'http', scheme: 'bearer', description: 'API key' },
        session: { type: 'apiKey', in: 'cookie', name: 'lazaret_session' },
        csrf: { type: 'apiKey', in: 'header', name: 'X-CSRF-Token' },
      },
    },
  } // prettier-ignore
}

function operationOf(route: Route): Json {
  const { least }: Rule = POLICY[route.useCase]
  const role = least === 'anyone' ? 'Anyone may ask.' : `Takes the role ${least}.`
  const body = route.body === undefined ? {} : { requestBody: bodyOf(route.body, route.example) }
  return {
    operationId: route.operationId,
    tags: [route.tag],
    summary: route.summary,
    description: [route.description, role].filter(Boolean).join(' '),
    ...(least === 'anyone' ? { security: [] } : {}),
    'x-use-case': route.useCase,
    parameters: [
      ...parametersOf(route.params, 'path'),
      ...parametersOf(route.query, 'query'),
      ...parametersOf(route.headers, 'header'),
    ],
    ...body,
    responses: responsesOf(route),
  }
}

function parametersOf(schema: Route['params'], place: 'path' | 'query' | 'header'): Json[] {
  return Object.entries(schema?.properties ?? {}).map(([name, property]) => ({
    name,
    in: place,
    required: place === 'path' || ((schema?.required ?? []) as readonly string[]).includes(name),
    schema: referenced(property),
  }))
}

function bodyOf(body: BodySpec, example: unknown): Json {
  if (body.kind === 'json') {
    const shown = example === undefined ? {} : { example }
    return { required: true, content: { 'application/json': { schema: referenced(body.schema, false), ...shown } } }
  }
  const file = { type: 'string', format: 'binary', description: 'The content' }
  const fields = body.many === true ? { files: { type: 'array', items: file } } : { file }
  const multipart = {
    'multipart/form-data': {
      schema: {
        type: 'object',
        properties: { options: { $ref: '#/components/schemas/UploadOptions' }, ...fields },
        required: Object.keys(fields),
      },
    },
  }
  const raw = { 'application/octet-stream': { schema: file } }
  return { required: true, content: { ...(body.types.includes('raw') ? raw : {}), ...multipart } }
}

function responsesOf(route: Route): Json {
  const responses: Json = {}
  for (const reply of route.replies) responses[reply.status] = replyOf(reply)
  const problem = { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } }
  for (const [status, codes] of refusalsOf(route)) {
    if (responses[status] !== undefined) continue
    responses[status] = { description: `Refused: ${codes.join(', ')}`, content: problem }
  }
  return responses
}

function replyOf({ text, schema, types = [] }: ReplySpec): Json {
  const json = schema === undefined ? {} : { 'application/json': { schema: referenced(schema, false) } }
  const others = types.filter(type => !type.startsWith('application/json')).map(type => [type, { schema: { type: 'string' } }])
  const content = { ...json, ...Object.fromEntries(others) }
  return { description: text, ...(Object.keys(content).length === 0 ? {} : { content }) }
} // prettier-ignore
