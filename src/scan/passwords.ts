// The passwords of one submission: from the request, then found inside of it, then the usual ones.

/** What samples and mail are commonly closed with. */
const USUAL = [
  'infected',
  'malware',
  'virus',
  'password',
  'Password',
  '1234',
  '12345',
  '123456',
  '12345678',
  '1111',
  '0000',
  'abc123',
  'secret',
  'novirus',
]
/** Every password costs a try at every encrypted member. */
const MAX_FOUND = 128
const MAX_PASSWORD_CHARS = 256

export class Passwords {
  readonly #given: readonly string[]
  readonly #found: string[] = []
  #list: readonly string[] | undefined

  constructor(given: readonly string[]) {
    this.#given = given
  }

  found(password: string): void {
    if (this.#found.length >= MAX_FOUND || password === '' || password.length > MAX_PASSWORD_CHARS) return
    if (this.#found.includes(password)) return
    this.#found.push(password)
    this.#list = undefined
  }

  /** In the order in which they are to be tried. */
  list(): readonly string[] {
    return (this.#list ??= [...new Set([...this.#given, ...this.#found, ...USUAL])])
  }
}
