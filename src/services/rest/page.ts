import { createHash } from 'node:crypto'
import { POLICY } from '../../usecases/index.ts'
import { refusalsOf } from './openapi.ts'
import type { Route } from './route.ts'

// The browsable page of the route table: one document without scripts, so that its policy can forbid everything.

const STYLE =
  'body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}' +
  'code{font-family:ui-monospace,monospace}summary{cursor:pointer;padding:.3rem 0}table{border-collapse:collapse}' +
  'td,th{text-align:left;padding:.15rem .8rem .15rem 0;vertical-align:top}b{display:inline-block;width:4.5rem}'
export const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
const row = (cells: readonly string[]): string => `<tr>${cells.map(cell => `<td>${cell}</td>`).join('')}</tr>`

export function pageOf(routes: readonly Route[], version: string): string {
  const tags = [...new Set(routes.map(({ tag }) => tag))]
  const sections = tags.map(
    tag =>
      `<h2>${escaped(tag)}</h2>${routes
        .filter(route => route.tag === tag)
        .map(operation)
        .join('')}`,
  )
  return (
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Lazaret ${escaped(version)}: REST</title>` +
    `<style>${STYLE}</style></head><body><h1>Lazaret ${escaped(version)}: REST</h1>` +
    `<p>As a document for programs: <a href="openapi.json">openapi.json</a> (OpenAPI 3.1).</p>${sections.join('')}</body></html>`
  )
}

function operation(route: Route): string {
  const inputs = (['params', 'query', 'headers'] as const).flatMap(place =>
    Object.entries(route[place]?.properties ?? {}).map(([name, schema]) =>
      row([`<code>${escaped(name)}</code>`, place, escaped((schema as { description?: string }).description ?? '')]),
    ),
  )
  const replies = route.replies.map(({ status, text }) => row([String(status), escaped(text), '']))
  const refusals = [...refusalsOf(route)].map(([status, codes]) => row([String(status), escaped(codes.join(', ')), '']))
  const example = route.example === undefined ? '' : `<pre><code>${escaped(JSON.stringify(route.example))}</code></pre>`
  return (
    `<details id="${route.operationId}"><summary><b>${route.method}</b><code>/api/v1${escaped(route.path)}</code> ` +
    `${escaped(route.summary)}</summary><p>${escaped(route.description ?? '')} Role: ${POLICY[route.useCase].least}.</p>${example}` +
    `<table>${[...inputs, ...replies, ...refusals].join('')}</table></details>`
  )
}
