import type { Decoder } from './decoder.ts'
import type { Window } from './window.ts'

/**
 * Runs a decoder that fills a window step by step. `step` writes up to the slack of the window and answers false when
 * it is done; where it throws, what is in the window is handed over first.
 */
export function* pull(window: Window, step: () => boolean, offset: () => number): Decoder {
  try {
    for (;;) {
      let more = true
      while (window.at < window.limit && more) more = step()
      if (!more) break
      yield window.piece()
      window.open()
    }
  } catch (error) {
    if (window.pending) yield window.piece()
    throw error
  }
  if (window.pending) yield window.piece()
  return offset()
}
