import { VERDICTS } from '../report/index.ts'
import { element, type Markup } from './markup.ts'
import type { Interval } from './limits.ts'
import type { Statistics } from './model.ts'
import { figure } from './units.ts'

// Pictures as SVG inside the page. Every shape carries its figures as a title, so that nothing is told by colour alone.

const WIDTH = 960
const HEIGHT = 180
const AXIS = 24
const GAP = 1
const LENGTH_MS: Readonly<Record<Interval, number>> = { hour: 3_600_000, day: 86_400_000, week: 604_800_000 }

const svg = (label: string, height: number, children: readonly Markup[]): Markup =>
  element('svg', { viewBox: `0 0 ${WIDTH} ${height}`, role: 'img', 'aria-label': label }, children)

const titled = (title: string, attributes: Readonly<Record<string, string | number>>): Markup =>
  element('rect', attributes, [element('title', {}, [title])])

const round = (value: number): number => Math.round(value * 100) / 100

/** Shares of the verdicts in one bar, with a legend. */
export function verdictStrip({ verdicts, totals }: Statistics): Markup {
  if (totals.files === 0) return element('p', { class: 'empty' }, ['Nothing was scanned'])
  let x = 0
  const parts = verdicts
    .filter(({ files }) => files > 0)
    .map(({ verdict, files }) => {
      const width = (files / totals.files) * WIDTH
      const part = titled(`${verdict}: ${figure(files, 'count')} files`, {
        class: verdict,
        x: round(x),
        y: 0,
        width: round(Math.max(width, 1)),
        height: 28,
      })
      x += width
      return part
    })
  const legend = verdicts.map(({ verdict, files }) =>
    element('li', { class: verdict }, [`${verdict} ${figure(files, 'count')}`]),
  )
  return element('div', {}, [svg('Shares of the verdicts', 28, parts), element('ul', { class: 'legend' }, legend)])
}

/** Stacked columns over time: each at its place in time, so that a pause is seen as one. */
export function timelinePicture({ timeline, interval }: Statistics): Markup {
  if (timeline.length === 0) return element('p', { class: 'empty' }, ['Nothing was scanned'])
  const firstMs = Date.parse(timeline[0].start)
  const slots = (Date.parse(timeline[timeline.length - 1].start) - firstMs) / LENGTH_MS[interval] + 1
  const most = Math.max(...timeline.map(({ files }) => files))
  const step = WIDTH / slots
  const columns = timeline.flatMap(slot => {
    const x = ((Date.parse(slot.start) - firstMs) / LENGTH_MS[interval]) * step
    let y = HEIGHT
    return [...VERDICTS].reverse().flatMap(verdict => {
      const files = slot[verdict]
      if (files === 0) return []
      const height = (files / most) * HEIGHT
      y -= height
      const width = Math.max(Math.min(step - GAP, 48), 0.5)
      return titled(`${slot.start}: ${figure(files, 'count')} ${verdict}, ${figure(slot.bytes, 'bytes')} in all`, {
        class: verdict,
        x: round(x),
        y: round(y),
        width: round(width),
        height: round(Math.max(height, 0.5)),
      })
    })
  })
  const ends = [
    label(timeline[0].start.slice(0, 16), 0, 'start'),
    label(timeline[timeline.length - 1].start.slice(0, 16), WIDTH, 'end'),
    label(`highest column: ${figure(most, 'count')} files`, WIDTH / 2, 'middle'),
  ]
  return svg('Scans over time', HEIGHT + AXIS, [...columns, baseline(), ...ends])
}

/** One column for each class. */
export function histogram(classes: readonly (readonly [label: string, files: number])[]): Markup {
  const most = Math.max(...classes.map(([, files]) => files), 1)
  const step = WIDTH / classes.length
  const columns = classes.flatMap(([text, files], index) => [
    titled(`${text}: ${figure(files, 'count')} files`, {
      class: 'plain',
      x: round(index * step + GAP),
      y: round(HEIGHT - (files / most) * HEIGHT),
      width: round(step - 2 * GAP),
      height: round((files / most) * HEIGHT),
    }),
    label(text, (index + 0.5) * step, 'middle'),
  ])
  return svg('Files of each class', HEIGHT + AXIS, [...columns, baseline()])
}

const baseline = (): Markup => element('line', { class: 'axis', x1: 0, y1: HEIGHT, x2: WIDTH, y2: HEIGHT }, [])

const label = (text: string, x: number, anchor: 'start' | 'middle' | 'end'): Markup =>
  element('text', { x: round(x), y: HEIGHT + 17, 'text-anchor': anchor }, [text])
