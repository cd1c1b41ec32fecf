import { visible } from '../../report/index.ts'
import { systemHashes } from '../../store/index.ts'
import { AUDIT_COLUMNS, auditLine, auditRow, verifyAudit, type UseCaseName } from '../../usecases/index.ts'
import { EXIT } from '../commands.ts'
import type { Run } from '../commands.ts'
import { atConsole } from '../console.ts'
import { jsonText, writerTo } from '../output.ts'

// `lazaret audit …`: who did what.

export const AUDIT_SERVES = ['exportAudit'] as const satisfies readonly UseCaseName[]

export const auditExport: Run = context =>
  atConsole(context, { make: false }, async ({ useCases, who }) => {
    const write = writerTo(context.stdout)
    const { csv } = context.settings
    if (csv) await write(`${AUDIT_COLUMNS.join(',')}\r\n`)
    for await (const entry of await useCases.exportAudit(who, {})) {
      await write(csv ? `${auditRow(entry, visible)}\r\n` : `${auditLine(entry)}\n`)
    }
    return EXIT.clean
  })

export const auditVerify: Run = context =>
  atConsole(context, { make: false }, async ({ accounts: { store, auditKey } }) => {
    const verdict = await verifyAudit(store, systemHashes, auditKey, context.operands[0])
    const { entries, seal, broken } = verdict
    const text =
      broken === undefined
        ? `${entries} entries, none changed; last seal ${seal === '' ? 'none' : seal}\n`
        : `The chain breaks at entry ${broken.seq}: ${broken.reason}; ${entries} entries before it are whole\n`
    context.stdout.write(context.settings.json ? jsonText(verdict) : text)
    return broken === undefined ? EXIT.clean : EXIT.found
  })
