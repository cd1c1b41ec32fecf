import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { bytesText, createProgress, progressLine } from './progress.ts'
import type { Total } from './progress.ts'

const total: Total = { files: 10, bytes: 1000, final: true }
const meter = { files: 5, bytes: 500, found: 1, current: '/tmp/x' }

describe('progressLine', () => {
  it('shows share, counts, rate and what was found', () => {
    const line = progressLine(meter, total, 500, 200)
    expect(line).toBe(`[${'█'.repeat(12)}${'░'.repeat(12)}]  50 %  5/10 files  500 B at 1.0 KB/s  1 found  /tmp/x`)
  })

  it('says so while files are still being counted', () => {
    expect(progressLine(meter, { ...total, final: false }, 500, 200)).toMatch(/^counting… {2}5\/10\+ files/)
  })

  it('never passes the edge', () => {
    expect(progressLine({ ...meter, current: 'n'.repeat(500) }, total, 500, 100).length).toBe(100)
    expect(progressLine(meter, total, 500, 30).length).toBe(30)
    const wide = progressLine({ ...meter, current: '漢'.repeat(500) }, total, 500, 100)
    const name = wide.slice(wide.indexOf('漢'))
    expect(wide.length + name.length).toBeLessThanOrEqual(100)
  })

  it('never passes 100 percent, nor divides by nothing', () => {
    expect(progressLine({ ...meter, bytes: 5000 }, total, 500, 200)).toContain('] 100 %')
    expect(progressLine(meter, { files: 0, bytes: 0, final: true }, 0, 200)).toContain('at 0 B/s')
  })

  it('lets no file name move the cursor', () => {
    expect(progressLine({ ...meter, current: 'a\u001B[2J\rb' }, total, 500, 200)).toMatch(/^[^\p{Cc}]*$/u)
  })
})

describe('createProgress', () => {
  beforeEach(() => vi.useFakeTimers())
  afterEach(() => vi.useRealTimers())

  function screen(isTTY: boolean) {
    const written: string[] = []
    return { isTTY, columns: 80, written, write: (text: string) => written.push(text) }
  }

  it('writes nothing where there is no terminal', () => {
    const output = screen(false)
    const progress = createProgress(output, meter, total)
    vi.advanceTimersByTime(1000)
    progress.clear()
    progress.stop()
    expect(output.written).toEqual([])
  })

  it('redraws ten times a second what the meter says', () => {
    const output = screen(true)
    const moving = { ...meter }
    createProgress(output, moving, total)
    vi.advanceTimersByTime(100)
    moving.files = 6
    vi.advanceTimersByTime(100)
    expect(output.written).toHaveLength(2)
    expect(output.written[0]).toContain('5/10 files')
    expect(output.written[1]).toContain('6/10 files')
  })

  it('yields to a result and leaves nothing behind', () => {
    const output = screen(true)
    const progress = createProgress(output, meter, total)
    progress.clear()
    expect(output.written).toEqual([])
    vi.advanceTimersByTime(100)
    progress.clear()
    progress.clear()
    expect(output.written.slice(1)).toEqual(['\r\u001B[2K'])
    vi.advanceTimersByTime(100)
    progress.stop()
    vi.advanceTimersByTime(1000)
    expect(output.written).toHaveLength(4)
    expect(output.written[3]).toBe('\r\u001B[2K')
  })
})

describe('bytesText', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 KB'],
    [123_456, '123 KB'],
    [1_234_567, '1.2 MB'],
    [2e15, '2000 TB'],
  ] as const)('%d is %s', (bytes, text) => {
    expect(bytesText(bytes)).toBe(text)
  })
})
