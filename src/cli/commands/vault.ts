import { UseCaseError, type UseCaseName } from '../../usecases/index.ts'
import { EXIT } from '../commands.ts'
import type { Context, Run } from '../commands.ts'
import { atConsole } from '../console.ts'
import { CliError } from '../errors.ts'
import { jsonText } from '../output.ts'
import { bytesText } from '../progress.ts'
import { openVaultOf } from '../use-cases.ts'

// `lazaret vault …`: the content that is kept, and its keys.

export const VAULT_SERVES = ['rotateVaultKey'] as const satisfies readonly UseCaseName[]

type OpenedVault = Awaited<ReturnType<typeof openVaultOf>>

async function withVault(context: Context, call: (vault: OpenedVault) => Promise<number>): Promise<number> {
  const log = (line: string): void => void context.stderr.write(`${line}\n`)
  const vault = await openVaultOf(context.settings, { owner: false, log })
  try {
    return await call(vault)
  } catch (error) {
    if (!(error instanceof UseCaseError)) throw error
    throw new CliError('administration-refused', { detail: error.message }, { cause: error })
  } finally {
    await vault.close()
  }
}

export const vaultRotate: Run = context =>
  withVault(context, vault =>
    atConsole(context, { make: false, vault }, async ({ useCases, who }) => {
      const { stdout, settings } = context
      const { key } = await useCases.rotateVaultKey(who)
      stdout.write(`New content is sealed by the key ${key}\n`)
      await vault.settled()
      const { contents, byKey } = await vault.check({ deep: false })
      stdout.write(`${byKey.get(key) ?? 0} of ${contents} contents are sealed by it now\n`)
      if (settings.dropOld) {
        const dropped = await vault.dropUnusedKeys()
        stdout.write(`Forgot ${dropped.length === 0 ? 'no key' : dropped.join(', ')}\n`)
      }
      return EXIT.clean
    }),
  )

export const vaultCheck: Run = context =>
  withVault(context, async vault => {
    const { settings, stdout } = context
    const { contents, storedBytes, intakes, byKey, problems } = await vault.check({ deep: settings.deep })
    if (settings.json) {
      stdout.write(jsonText({ contents, storedBytes, intakes, keys: Object.fromEntries(byKey), problems }))
    } else {
      const lines = [
        `${contents} contents, ${bytesText(storedBytes)} stored; ${intakes} wait for their scan`,
        ...[...byKey].map(([key, count]) => `  key ${key}: ${count}`),
        ...problems.map(({ sha256, problem }) => `  ${sha256}: ${problem}`),
        settings.deep
          ? 'Every byte was decrypted and hashed.'
          : 'Heads and lengths were looked at; --deep reads everything.',
      ]
      stdout.write(`${lines.join('\n')}\n`)
    }
    return problems.length === 0 ? EXIT.clean : EXIT.found
  })
