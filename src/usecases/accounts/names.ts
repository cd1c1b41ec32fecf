import { UseCaseError } from '../errors.ts'
import { MAX_PASSWORD_CHARS, MIN_PASSWORD_CHARS } from './limits.ts'

// Names and passwords that people choose.

const NAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N} ._@+-]{0,63}$/u
const MAX_LABEL_CHARS = 100
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

/** A name as it is stored. @throws UseCaseError invalid-input */
export function checkedName(name: string): string {
  const normal = name.normalize('NFKC').trim()
  if (!NAME.test(normal))
    throw invalid('a name has up to 64 letters and digits, and among them blanks and . _ @ + -', '/name')
  return normal
}

/** What decides whether two names are the same. */
export const foldedName = (name: string): string => name.normalize('NFKC').trim().toLowerCase()

/** @throws UseCaseError invalid-input */
export function checkPassword(password: string, name: string): void {
  if (password.length < MIN_PASSWORD_CHARS || password.length > MAX_PASSWORD_CHARS)
    throw invalid(`a password has ${MIN_PASSWORD_CHARS} to ${MAX_PASSWORD_CHARS} characters`, '/password')
  const folded = password.toLowerCase()
  if (folded.includes(foldedName(name)) && foldedName(name).length >= 3)
    throw invalid('a password does not hold the name', '/password')
  if (new Set(folded).size < 5) throw invalid('a password has at least five different characters', '/password')
}

/** @throws UseCaseError invalid-input */
export function checkedLabel(label: string): string {
  const trimmed = label.trim()
  if (trimmed === '' || trimmed.length > MAX_LABEL_CHARS || INVISIBLE.test(trimmed))
    throw invalid(`a label has 1 to ${MAX_LABEL_CHARS} visible characters`, '/label')
  return trimmed
}

export const invalid = (detail: string, where: string): UseCaseError =>
  new UseCaseError('invalid-input', { detail, where })
