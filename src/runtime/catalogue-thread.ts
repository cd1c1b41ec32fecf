// The thread of one question about the signatures of an image.

import { parentPort, workerData } from 'node:worker_threads'
import type { CatalogueAnswer, CatalogueQuestion } from './catalogue.ts'
import { signaturesOf, type ListedSignature } from './database-inspect.ts'

function answer({ image, text, whole, from, limit }: CatalogueQuestion): CatalogueAnswer {
  const wanted = text.toLowerCase()
  const found: ListedSignature[] = []
  let number = 0
  for (const signature of signaturesOf(image)) {
    if (number++ < from) continue
    const name = signature.name.toLowerCase()
    if (whole ? name !== wanted : !name.includes(wanted)) continue
    if (found.length === limit) return { signatures: found, next: number - 1 }
    found.push(signature)
  }
  return { signatures: found }
}

parentPort?.postMessage(answer(workerData as CatalogueQuestion), [])
