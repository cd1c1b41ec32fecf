import { describe, expect, test, vi } from 'vitest'
import { createProgress } from './progress.ts'

describe('progress', () => {
  test('is one line that is rewritten and taken away', () => {
    let nowMs = 0
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => nowMs)
    let written = ''
    const progress = createProgress({ columns: 30, write: text => (written += text) })
    progress.step('first', 1_000_000)
    expect(written).toBe('')
    nowMs = 150
    progress.step(`evil\u001b[2J${'x'.repeat(100)}`, 500_000)
    expect(written).toBe('\r\u001b[K2 files, 1.5 MB  evil\\x1b[2Jx')
    written = ''
    progress.clear()
    progress.clear()
    expect(written).toBe('\r\u001b[K')
    clock.mockRestore()
  })

  test('is silent without a terminal', () => {
    const progress = createProgress(undefined)
    progress.step('x', 1)
    progress.clear()
  })
})
