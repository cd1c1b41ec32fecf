// Writing to a stream that may be slower than the work.

import { once } from 'node:events'
import type { Context } from './commands.ts'

/** A function that writes text and waits while the reader is behind. */
export function writerTo(stream: Context['stdout']): (text: string) => Promise<void> {
  return async text => {
    if (!stream.write(text)) await once(stream, 'drain')
  }
}

/** Whether a stream is a terminal whose user did not ask for plain text. Source: no-color.org. */
export const wantsColour = (stream: { readonly isTTY?: boolean }): boolean =>
  stream.isTTY === true && (process.env.NO_COLOR ?? '') === '' && process.env.TERM !== 'dumb'

/** An object as one indented JSON document with its line end. */
export const jsonText = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`
