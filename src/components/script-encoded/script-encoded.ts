import { indexOf } from '../../bytes/index.ts'
import { decodeScript, encodedScriptAt, SCRIPT_MARK } from '../../codecs/index.ts'
import type { Component } from '../../scan/index.ts'

/** Scripts of Microsoft's Script Encoder (.jse, .vbe), decoded. */
export const scriptEncoded: Component = {
  manifest: {
    name: 'script-encoded',
    version: '1',
    description: "Decodes scripts of Microsoft's Script Encoder",
    accepts: ['script-encoded', 'text', 'text-utf8'],
    marks: ['script-encoded'],
    stage: 'extract',
    place: 'engine',
  },
  *process({ bytes }) {
    let number = 0
    for (let at = indexOf(bytes, SCRIPT_MARK); at >= 0;) {
      const script = encodedScriptAt(bytes, at)
      if (!script.closed)
        yield { emit: 'anomaly', code: 'truncated', detail: 'An encoded script has no end', offset: at }
      if (script.end > script.start)
        yield { emit: 'child', name: `script-${++number}`, content: decodeScript(bytes, script.start, script.end) }
      at = indexOf(bytes, SCRIPT_MARK, script.next)
    }
  },
}
