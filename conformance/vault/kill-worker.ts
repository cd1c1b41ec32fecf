// Takes contents in, keeps, deletes and rotates keys until it is killed; says what was acknowledged.
// usage: kill-worker.ts PLACE KEYS SEED

import { openVault } from '../../src/store/index.ts'

const [place, keyFile, seed] = process.argv.slice(2)
const vault = await openVault({ place, keyFile, owner: true, chunkLog2: 12 })
const say = (line: string): boolean => process.stdout.write(`${line}\n`)

async function* content(text: string): AsyncIterable<Uint8Array> {
  for (let at = 0; at < 12; at++) yield await Promise.resolve(Buffer.from(text.repeat(40)))
}

async function lane(name: string): Promise<never> {
  for (let turn = 0; ; turn++) {
    const { intake, sha256 } = await vault.takeIn(content(`${seed} ${name} ${turn} `), { maxBytes: 1e6 })
    say(`intake ${intake} ${sha256}`)
    if (turn % 5 === 4) {
      say(`discarding ${intake}`)
      await vault.discard(intake)
      continue
    }
    say(`keeping ${intake}`)
    await vault.keep(intake, sha256)
    say(`kept ${sha256}`)
    if (turn % 3 !== 2) continue
    say(`deleting ${sha256}`)
    await vault.delete(sha256)
    say(`deleted ${sha256}`)
  }
}

async function rotating(): Promise<never> {
  for (;;) {
    await vault.rotate()
    await vault.settled()
    await vault.dropUnusedKeys()
  }
}

say('ready')
await Promise.all([lane('a'), lane('b'), lane('c'), rotating()])
