import { Readable } from 'node:stream'
import { Type } from 'typebox'
import { UseCaseError, type OpenedSession } from '../../usecases/index.ts'
import { sessionCookie } from './identity.ts'
import { json, NO_CONTENT, ok, route, type Call, type Route } from './route.ts'
import * as s from './schemas.ts'

const ById = s.closed({ id: s.AnyId })
const OfAccount = s.closed({ account: Type.Optional(s.AnyId) })
const instant = (description: string) =>
  Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description }))
const Span = { fromMs: instant('Not before'), toMs: instant('Before') } // prettier-ignore
const STATE_COOKIE = 'lazaret_oidc'

const isSecure = ({ request }: Pick<Call, 'request'>): boolean => request.protocol === 'https'

/** The token goes into the cookie and nowhere else. */
function opened(call: Call<never, never, never>, { token, ...session }: OpenedSession): Omit<OpenedSession, 'token'> {
  void call.reply.code(201).header('set-cookie', sessionCookie(isSecure(call), token, session.expiresAtMs))
  return session
}

/** Where the provider sends the browser back to. */
const callbackUrl = ({ request }: Pick<Call, 'request'>, search = ''): string =>
  `${request.protocol}://${request.host}/api/v1/oidc/callback${search}`

function stateOf(cookies: string | undefined): string {
  const found = cookies?.split(';').map(pair => pair.trim()).find(pair => pair.startsWith(`${STATE_COOKIE}=`))
  if (found === undefined) throw new UseCaseError('wrong-credentials', { detail: 'The login was not begun in this browser' })
  return found.slice(STATE_COOKIE.length + 1)
} // prettier-ignore

export const ACCOUNT_ROUTES: readonly Route[] = [
  route({
    operationId: 'claimServer', tag: 'Login', method: 'POST', path: '/setup', useCase: 'claimServer',
    summary: 'Become the first administrator by the one-time link',
    body: json(s.closed({ token: Type.String({ minLength: 1, maxLength: 1024, description: 'From the link' }), name: s.AccountName, password: s.Password })),
    example: { token: 'from-the-link', name: 'admin', password: 'a long sentence' },
    replies: [{ status: 201, text: 'A session; its cookie is set', schema: s.Session }], errors: ['wrong-credentials', 'conflict'],
    handle: async call => opened(call as never, await call.useCases.claimServer(call.principal, call.body)),
  }),
  route({
    operationId: 'logIn', tag: 'Login', method: 'POST', path: '/sessions', useCase: 'logIn',
    summary: 'Open a session with a password', body: json(s.closed({ name: s.AccountName, password: s.Password })),
    example: { name: 'admin', password: 'a long sentence' },
    replies: [{ status: 201, text: 'A session; its cookie is set', schema: s.Session }], errors: ['wrong-credentials'],
    handle: async call => opened(call as never, await call.useCases.logIn(call.principal, call.body)),
  }),
  route({
    operationId: 'logOut', tag: 'Login', method: 'DELETE', path: '/sessions/current', useCase: 'logOut',
    summary: 'End the own session', replies: [NO_CONTENT],
    async handle(call) {
      await call.useCases.logOut(call.principal)
      void call.reply.header('set-cookie', sessionCookie(isSecure(call)))
    },
  }),
  route({
    operationId: 'startOidcLogin', tag: 'Login', method: 'GET', path: '/oidc/login', useCase: 'startOidcLogin',
    summary: 'Begin a login at the identity provider', replies: [{ status: 303, text: 'Go to the provider' }], errors: ['not-configured'],
    async handle(call) {
      const { url, state } = await call.useCases.startOidcLogin(call.principal, { redirectUrl: callbackUrl(call) })
      const secure = isSecure(call) ? '; Secure' : ''
      const cookie = `${STATE_COOKIE}=${encodeURIComponent(state)}; Path=/api/v1/oidc; HttpOnly; SameSite=Lax; Max-Age=600${secure}`
      return call.reply.code(303).headers({ location: url, 'set-cookie': cookie }).send()
    },
  }),
  route({
    operationId: 'finishOidcLogin', tag: 'Login', method: 'GET', path: '/oidc/callback', useCase: 'finishOidcLogin',
    summary: 'Open a session with what the provider says', query: Type.Object({ code: Type.Optional(Type.String({ maxLength: 4096, description: 'Code of the provider' })) }),
    replies: [{ status: 303, text: 'Logged in; go to the console' }], errors: ['wrong-credentials', 'not-configured'],
    async handle(call) {
      const { url, headers } = call.request
      const at = url.indexOf('?')
      const state = decodeURIComponent(stateOf(headers.cookie))
      const input = { callbackUrl: callbackUrl(call, at < 0 ? '' : url.slice(at)), state }
      const { token, expiresAtMs } = await call.useCases.finishOidcLogin(call.principal, input)
      const cookies = [sessionCookie(isSecure(call), token, expiresAtMs), `${STATE_COOKIE}=; Path=/api/v1/oidc; Max-Age=0`]
      return call.reply.code(303).headers({ location: '/', 'set-cookie': cookies }).send()
    },
  }),
  route({
    operationId: 'whoAmI', tag: 'Login', method: 'GET', path: '/me', useCase: 'whoAmI',
    summary: 'Who is asking, and what they may do', replies: [ok(s.Me, 'Who that is')],
    async handle({ useCases, principal }) {
      const { principal: { account, name, role }, allowed } = await useCases.whoAmI(principal)
      return { account, name, role, allowed }
    },
  }),
  route({
    operationId: 'changePassword', tag: 'Login', method: 'POST', path: '/me/password', useCase: 'changePassword',
    summary: 'Change the own password', body: json(s.closed({ old: s.Password, new: s.Password })), example: { old: 'a long sentence', new: 'a longer sentence' },
    replies: [NO_CONTENT], errors: ['wrong-credentials'],
    handle: ({ useCases, principal, body }) => useCases.changePassword(principal, body),
  }),
  route({
    operationId: 'listAccounts', tag: 'Accounts', method: 'GET', path: '/accounts', useCase: 'listAccounts',
    summary: 'Accounts', query: s.closed(s.PageQuery), replies: [ok(s.pageOf(s.Account), 'One page')], errors: ['invalid-cursor'],
    handle: ({ useCases, principal, query }) => useCases.listAccounts(principal, query),
  }),
  route({
    operationId: 'createAccount', tag: 'Accounts', method: 'POST', path: '/accounts', useCase: 'createAccount',
    summary: 'Make an account',
    body: json(s.closed({ name: s.AccountName, role: s.Role, password: Type.Optional(s.Password), quota: Type.Optional(s.Quota) })),
    example: { name: 'gateway', role: 'submitter' },
    replies: [{ status: 201, text: 'The account', schema: s.Account }], errors: ['conflict'],
    async handle({ useCases, principal, body, reply }) {
      const account = await useCases.createAccount(principal, body)
      void reply.code(201)
      return account
    },
  }),
  route({
    operationId: 'updateAccount', tag: 'Accounts', method: 'PATCH', path: '/accounts/{id}', useCase: 'updateAccount',
    summary: 'Change role, name, quota or state of an account', params: ById,
    body: json(s.closed({
      name: Type.Optional(s.AccountName), role: Type.Optional(s.Role), disabled: Type.Optional(Type.Boolean()),
      quota: Type.Optional(s.Quota), password: Type.Optional(s.Password),
    })),
    example: { disabled: true }, replies: [ok(s.Account, 'The account as it then is')], errors: ['not-found', 'conflict'],
    handle: ({ useCases, principal, params, body }) => useCases.updateAccount(principal, { ...params, ...body }),
  }),
  route({
    operationId: 'deleteAccount', tag: 'Accounts', method: 'DELETE', path: '/accounts/{id}', useCase: 'deleteAccount',
    summary: 'Delete an account with its keys and sessions', params: ById, replies: [NO_CONTENT], errors: ['not-found', 'conflict'],
    handle: ({ useCases, principal, params }) => useCases.deleteAccount(principal, params),
  }),
  route({
    operationId: 'listKeys', tag: 'Accounts', method: 'GET', path: '/keys', useCase: 'listKeys',
    summary: 'API keys, without their secrets', query: OfAccount, replies: [ok(Type.Object({ keys: Type.Array(s.Key) }), 'The keys')],
    handle: async ({ useCases, principal, query }) => ({ keys: await useCases.listKeys(principal, query) }),
  }),
  route({
    operationId: 'createKey', tag: 'Accounts', method: 'POST', path: '/keys', useCase: 'createKey',
    summary: 'Make an API key; its secret is shown once',
    body: json(s.closed({
      account: Type.Optional(s.AnyId), label: Type.String({ maxLength: 128, description: 'What it is for' }), role: Type.Optional(s.Role),
      expiresAtMs: instant('When it ends'), quota: Type.Optional(s.Quota),
    })),
    example: { label: 'mail gateway', role: 'submitter' },
    replies: [{ status: 201, text: 'The key with its secret', schema: Type.Object({ key: s.Key, secret: Type.String() }) }], errors: ['not-found'],
    async handle({ useCases, principal, body, reply }) {
      const made = await useCases.createKey(principal, body)
      void reply.code(201).header('cache-control', 'no-store')
      return made
    },
  }),
  route({
    operationId: 'revokeKey', tag: 'Accounts', method: 'DELETE', path: '/keys/{id}', useCase: 'revokeKey',
    summary: 'Revoke an API key', params: ById, replies: [NO_CONTENT], errors: ['not-found'],
    handle: ({ useCases, principal, params }) => useCases.revokeKey(principal, params),
  }),
  route({
    operationId: 'getQuota', tag: 'Accounts', method: 'GET', path: '/quota', useCase: 'getQuota',
    summary: 'Limits of an account or key and what is used of them', query: OfAccount, replies: [ok(s.QuotaState, 'Limits and use')],
    handle: ({ useCases, principal, query }) => useCases.getQuota(principal, query),
  }),
  route({
    operationId: 'searchAudit', tag: 'Audit', method: 'GET', path: '/audit', useCase: 'searchAudit',
    summary: 'Audit log, newest first',
    query: s.closed({
      ...s.PageQuery, ...Span, account: Type.Optional(s.AnyId),
      action: Type.Optional(Type.String({ maxLength: 64, description: 'Name of a use case' })),
      target: Type.Optional(Type.String({ maxLength: 1024, description: 'What it was done to' })),
    }),
    replies: [ok(s.pageOf(s.AuditEntry), 'One page')], errors: ['invalid-cursor'],
    handle: ({ useCases, principal, query }) => useCases.searchAudit(principal, query),
  }),
  route({
    operationId: 'exportAudit', tag: 'Audit', method: 'GET', path: '/audit/export', useCase: 'exportAudit',
    summary: 'Audit log as lines of JSON', query: s.closed(Span), replies: [{ status: 200, text: 'One entry on each line', types: ['application/x-ndjson'] }],
    async handle({ useCases, principal, query, reply }) {
      const entries = await useCases.exportAudit(principal, query)
      const headers = { 'content-type': 'application/x-ndjson', 'content-disposition': 'attachment; filename="audit.ndjson"' }
      return reply.headers(headers).send(Readable.from(lines(entries), { objectMode: false }))
    },
  }),
] // prettier-ignore

async function* lines(entries: AsyncIterable<unknown>): AsyncGenerator<string> {
  for await (const entry of entries) yield `${JSON.stringify(entry)}\n`
}
