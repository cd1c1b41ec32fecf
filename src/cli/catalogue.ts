// The signatures of the database in use, as the use cases ask for them.

import { CatalogueReader } from '../runtime/index.ts'
import { limitOf, makeCursor, openCursor, type SignatureCatalogue } from '../usecases/index.ts'

const MAX_NAMED = 100

/** @param image - path of the image in use, asked for each time */
export function catalogueOf(image: () => string): SignatureCatalogue {
  const reader = new CatalogueReader()
  return {
    databases: () => Promise.resolve(reader.databases(image())),
    async search(text, request) {
      const path = image()
      // Numbers of signatures belong to one image.
      const scope = `${path} ${text}`.slice(-200)
      const from = request.cursor === undefined ? 0 : Number(openCursor(request.cursor, scope)[0])
      const { signatures, next } = await reader.search({
        image: path,
        text,
        whole: false,
        from,
        limit: limitOf(request),
      })
      return { items: signatures, ...(next === undefined ? {} : { next: makeCursor(scope, [String(next)]) }) }
    },
    async named(name) {
      const question = { image: image(), text: name, whole: true, from: 0, limit: MAX_NAMED }
      return (await reader.search(question)).signatures
    },
  }
}
