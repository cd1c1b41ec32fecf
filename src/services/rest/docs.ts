import { POLICY, USE_CASE_ERRORS } from '../../usecases/index.ts'
import { refusalsOf } from './openapi.ts'
import { HTTP_ERRORS } from './problems.ts'
import { ROUTES } from './routes.ts'

// docs/rest.md: its tables come from the route table and the tables of errors. docs.test.ts compares, -u rewrites.

const row = (cells: readonly string[]): string => `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n')

const operations = ROUTES.map(route => [
  `\`${route.method} ${route.path}\``,
  route.summary,
  POLICY[route.useCase].least,
  [...refusalsOf(route).values()].flat().filter(code => route.errors?.includes(code as never)).map(code => `\`${code}\``).join(' '),
]) // prettier-ignore
const errors = Object.entries({ ...HTTP_ERRORS, ...USE_CASE_ERRORS }).map(([code, { status, title, remedy }]) => [
  `\`${code}\``,
  String(status),
  title,
  remedy,
])

/** Checks a webhook as the page shows it. */
export const VERIFY_EXAMPLE = `import { createHmac, timingSafeEqual } from 'node:crypto'

export function isGenuine(secret, headers, body, nowSeconds = Date.now() / 1000) {
  const timestamp = headers['lazaret-timestamp'] ?? ''
  if (!(Math.abs(nowSeconds - Number(timestamp)) < 300)) return false
  const wanted = \`sha256=\${createHmac('sha256', secret).update(\`\${timestamp}.\${body}\`).digest('hex')}\`
  const given = headers['lazaret-signature'] ?? ''
  return given.length === wanted.length && timingSafeEqual(Buffer.from(given), Buffer.from(wanted))
}`

/** The same request in four languages; each prints the verdict of the file that it is given. */
export const CLIENTS = {
  curl: `curl --silent --fail-with-body --header "Authorization: Bearer $LAZARET_KEY" \\
  --form file=@"$1" "$LAZARET_URL/api/v1/scan"`,
  python: `import os, sys, requests

with open(sys.argv[1], 'rb') as file:
    reply = requests.post(os.environ['LAZARET_URL'] + '/api/v1/scan', files={'file': file},
                          headers={'Authorization': 'Bearer ' + os.environ['LAZARET_KEY']})
reply.raise_for_status()
print(reply.json()['scan']['verdict'])`,
  node: `import { openAsBlob } from 'node:fs'

const form = new FormData()
form.set('file', await openAsBlob(process.argv[2]), 'file')
const headers = { authorization: \`Bearer \${process.env.LAZARET_KEY}\` }
const reply = await fetch(\`\${process.env.LAZARET_URL}/api/v1/scan\`, { method: 'POST', headers, body: form })
if (!reply.ok) throw new Error(await reply.text())
console.log((await reply.json()).scan.verdict)`,
  php: `<?php
$curl = curl_init(getenv('LAZARET_URL') . '/api/v1/scan');
curl_setopt_array($curl, [
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_HTTPHEADER => ['Authorization: Bearer ' . getenv('LAZARET_KEY')],
    CURLOPT_POSTFIELDS => ['file' => new CURLFile($argv[1])],
]);
echo json_decode(curl_exec($curl))->scan->verdict, "\\n";`,
} as const

/** The whole text of docs/rest.md. */
export const restPage = (): string => `# REST

Addresses begin with \`/api/v1\`. The server describes itself: \`/api/v1/openapi.json\` (OpenAPI 3.1) for programs,
\`/api/v1/docs\` for people. \`--http\` says where it listens; docs/options.md has its options.

## Who asks

Programs send \`Authorization: Bearer KEY\`. Browsers log in with \`POST /sessions\`, which sets a cookie; each request that
changes something then carries \`X-CSRF-Token\` from its answer. Requests of other sites are refused. A server on loopback
without accounts takes everybody who reaches it for its administrator; pages of other sites are refused there too.

## Sending content

The body is the content (any type but multipart, for example \`application/octet-stream\`), or \`multipart/form-data\` with
a file. Neither is held whole. Options stand in the query, or in a field \`options\` of JSON before the files; passwords in
that field or in the header \`Lazaret-Password\`. \`POST /scan\` waits for the result; \`POST /scans\` answers as soon as
content and job are stored. \`how\` is \`accepted\`; \`repeated\` where the \`Idempotency-Key\` was known; \`joined\` where the
same content is in flight; \`known\` where a stored report was reused.

${(['curl', 'python', 'node', 'php'] as const).map(name => `\`\`\`${name === 'curl' ? 'sh' : name === 'node' ? 'js' : name}\n${CLIENTS[name]}\n\`\`\``).join('\n\n')}

## Hearing of the end

Ask with \`wait\`, read \`/events\`, or give \`notify\`: then the server posts \`{"event", "scan"}\` to that URL, again with
growing pauses until the answer is 2xx. \`Lazaret-Signature\` is \`sha256=\` and the HMAC-SHA256, under the secret given with
the URL, of \`Lazaret-Timestamp\`, a full stop and the body; \`Lazaret-Delivery\` names the delivery. To check it:

\`\`\`js
${VERIFY_EXAMPLE}
\`\`\`

## Limits

Answers carry \`RateLimit\` and \`RateLimit-Policy\` where a rate holds; 429 and 503 carry \`Retry-After\`. Bodies slower than
the least rate, headers that are too long or too many, and what is no HTTP end their connection.

## Operations

${table(['Operation', 'What it does', 'Least role', 'May refuse with'], operations)}

Any may answer \`not-authenticated\`, \`not-allowed\`, \`invalid-input\`, \`rate-limited\` and \`internal\` too.

## Errors

\`application/problem+json\` (RFC 9457); \`type\` is \`urn:lazaret:problem:\` and the code. Codes never change their meaning.

${table(['Code', 'Status', 'Title', 'What helps'], errors)}
`
