import type { Configuration } from 'openid-client'
import type { OidcProvider } from '../../usecases/index.ts'

// Login at an identity provider: OpenID Connect Core 1.0 §3.1, authorization code with PKCE (RFC 7636), state and nonce.
// What is signed is checked by openid-client, which is loaded with the first login.

export interface OidcOptions {
  /** The issuer; its `/.well-known/openid-configuration` is read. https, but for providers on loopback. */
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** Beside `openid`; what carries names and groups. */
  readonly scopes?: readonly string[]
}

const DEFAULT_SCOPES = ['profile', 'email']
const TIMEOUT_SECONDS = 10
/** Keys and addresses of a provider change seldom. */
const CONFIGURATION_MS = 3_600_000
const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost'])

export function createOidcProvider(options: OidcOptions): OidcProvider {
  const scope = ['openid', ...(options.scopes ?? DEFAULT_SCOPES)].join(' ')
  let known: { readonly configuration: Promise<Configuration>; readonly untilMs: number } | undefined
  const configured = (): Promise<Configuration> => {
    if (known === undefined || Date.now() >= known.untilMs) {
      const configuration = discover(options)
      known = { configuration, untilMs: Date.now() + CONFIGURATION_MS }
      // What failed is tried again with the next login.
      configuration.catch(() => {
        known = undefined
      })
    }
    return known.configuration
  }
  return {
    async start(redirectUrl) {
      const client = await import('openid-client')
      const configuration = await configured()
      const [state, nonce, verifier] = [client.randomState(), client.randomNonce(), client.randomPKCECodeVerifier()]
      const url = client.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUrl,
        scope,
        state,
        nonce,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
      })
      return { url: url.href, state, nonce, verifier }
    },
    async finish(callbackUrl, { state, nonce, verifier }) {
      const client = await import('openid-client')
      const configuration = await configured()
      const tokens = await client.authorizationCodeGrant(configuration, new URL(callbackUrl), {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
      })
      const claims = tokens.claims()
      if (claims === undefined) throw new Error('there is no ID token')
      const { userinfo_endpoint: endpoint } = configuration.serverMetadata()
      // Many providers tell groups only here. What the ID token says, which is signed, comes first.
      const more =
        endpoint === undefined ? {} : await client.fetchUserInfo(configuration, tokens.access_token, claims.sub)
      return { issuer: claims.iss, subject: claims.sub, claims: { ...more, ...claims } }
    },
  }
}

async function discover({ issuer, clientId, clientSecret }: OidcOptions): Promise<Configuration> {
  const client = await import('openid-client')
  const url = new URL(issuer)
  const execute = [client.enableNonRepudiationChecks]
  if (url.protocol === 'http:' && LOOPBACK.has(url.hostname)) execute.push(client.allowInsecureRequests)
  return client.discovery(url, clientId, clientSecret, undefined, { execute, timeout: TIMEOUT_SECONDS })
}
