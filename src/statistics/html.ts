import { VERDICTS } from '../report/index.ts'
import { histogram, timelinePicture, verdictStrip } from './pictures.ts'
import { STATISTICS_STYLE } from './style.ts'
import { element, raw, type Markup } from './markup.ts'
import type { Statistics } from './model.ts'
import { tablesOf, totalsOf, type Table } from './tables.ts'
import { figure } from './units.ts'

// One page that stands alone: no script, nothing from outside. Everything from reports goes through element(), which
// escapes.

/** Tables that are drawn as pictures; their figures are in the pictures' labels. */
const DRAWN = new Set(['sizes', 'times', 'timeline'])

/** Statistics as a self-contained HTML page with pictures. */
export function statisticsHtml(statistics: Statistics): string {
  const tables = tablesOf(statistics)
  const named = new Map(tables.map(table => [table.key, table]))
  const body = [
    heading(statistics),
    tiles(statistics),
    section('Verdicts', verdictStrip(statistics)),
    section(named.get('timeline')?.title ?? '', timelinePicture(statistics)),
    element('div', { class: 'pair' }, [
      section('Sizes, up to', histogram(statistics.sizes.map(({ upTo, files }) => [limitText(upTo, 'bytes'), files]))),
      section(
        'Times, up to',
        histogram(statistics.times.map(({ upToMs, files }) => [limitText(upToMs, 'milliseconds'), files])),
      ),
    ]),
    ...tables.filter(({ key }) => !DRAWN.has(key)).map(table => section(table.title, tableMarkup(table))),
  ]
  return `<!doctype html>\n${page(body)}\n`
}

const limitText = (limit: number | undefined, unit: 'bytes' | 'milliseconds'): string =>
  limit === undefined ? 'more' : figure(limit, unit)

const page = (body: readonly Markup[]): string =>
  element('html', { lang: 'en' }, [
    element('head', {}, [
      raw('<meta charset="utf-8">'),
      raw('<meta name="viewport" content="width=device-width, initial-scale=1">'),
      raw(`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">`),
      element('title', {}, ['Lazaret statistics']),
      element('style', {}, [raw(STATISTICS_STYLE)]),
    ]),
    element('body', {}, [element('main', {}, body)]),
  ]).text

function heading({ from, to }: Statistics): Markup {
  const period = from === undefined || to === undefined ? 'No scans' : `${from} to ${to}`
  return element('header', {}, [element('h1', {}, ['Lazaret statistics']), element('p', {}, [period])])
}

const tiles = (statistics: Statistics): Markup =>
  element(
    'dl',
    { class: 'tiles' },
    totalsOf(statistics).map(({ title, value, unit }) =>
      element('div', {}, [element('dt', {}, [title]), element('dd', {}, [figure(value, unit)])]),
    ),
  )

const section = (title: string, content: Markup): Markup =>
  element('section', {}, [element('h2', {}, [title]), content])

function tableMarkup({ empty, columns, rows, others }: Table): Markup {
  if (rows.length === 0) return element('p', { class: 'empty' }, [empty])
  // The first count is what the table is ranked by: it gets a bar.
  const ranked = columns.findIndex(({ unit }) => unit === 'count')
  const most = Math.max(...rows.map(row => Number(row[ranked])), 1)
  const head = columns.map(({ title, unit }) => element('th', { class: unit === 'text' ? 'text' : 'number' }, [title]))
  const body = rows.map(row =>
    element('tr', {}, [
      ...row.map((value, index) => cell(value, columns[index].unit, columns[0].key, index)),
      element('td', { class: 'bar' }, [element('meter', { min: 0, max: most, value: Number(row[ranked]) }, [])]),
    ]),
  )
  const more = others === 0 ? [] : [element('p', { class: 'empty' }, [`and ${others} more`])]
  return element('div', { class: 'scroll' }, [
    element('table', {}, [
      element('thead', {}, [element('tr', {}, [...head, element('th', {}, [])])]),
      element('tbody', {}, body),
    ]),
    ...more,
  ])
}

function cell(value: string | number, unit: Table['columns'][number]['unit'], first: string, index: number): Markup {
  const verdict = index === 0 && first === 'verdict' && VERDICTS.some(word => word === value)
  const kind = unit === 'text' ? 'text' : 'number'
  return element('td', { class: verdict ? `${kind} ${value}` : kind }, [figure(value, unit)])
}
