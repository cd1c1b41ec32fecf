import type { FileTypeName } from '../formats/index.ts'
import type { Reason, Section, Severity } from '../report/index.ts'

// The contract of a component: something that takes one artifact apart or says something about it. The same component
// runs in the process (tests, `lazaret component run`), in a sandbox child, and on another host. It knows neither Node
// nor the pipeline, calls no other component, and holds no state between two artifacts. The pipeline routes by type.
//
//   artifact ──▶ process() ──▶ child, property, section, anomaly, detection, missed, password, … one after the other

/** Where a component stands in the order of work on one artifact. */
export const STAGES = ['identify', 'extract', 'analyse', 'classify'] as const
export type Stage = (typeof STAGES)[number]

/** What one call may cost. All limits are absolute; whoever runs the component enforces them from outside, too. */
export interface ComponentBudget {
  /** Wall time in milliseconds. */
  readonly timeMs: number
  /** Memory in bytes beside the artifact itself. */
  readonly memoryBytes: number
  /** Bytes of all children together. */
  readonly outputBytes: number
  /** Children. */
  readonly children: number
}

/** One option of a component: declared here, and nowhere else. */
export interface ComponentOption {
  /** In camelCase, units last. */
  readonly name: string
  readonly type: 'boolean' | 'integer' | 'string'
  readonly default: boolean | number | string
  readonly minimum?: number
  readonly maximum?: number
  /** One sentence. */
  readonly text: string
}

export interface ComponentManifest {
  /** In kebab-case; unique. */
  readonly name: string
  /** Changes whenever the emissions for some artifact change. */
  readonly version: string
  /** One sentence: what it does. */
  readonly description: string
  /** Types of artifacts that it is given; `*`: all. */
  readonly accepts: readonly (FileTypeName | '*')[]
  /** Types that it is not given although `accepts` names them. Default: none. */
  readonly rejects?: readonly FileTypeName[]
  /**
   * Marks (signatures/compile/marks.ts) of which one must have been found in an artifact that is no container by its
   * type. Default: it is given all.
   */
  readonly marks?: readonly string[]
  readonly stage: Stage
  /**
   * `engine`: runs in the scanning thread itself. Only for what is linear in its input, holds a few buffers, decompresses
   * nothing and uses nobody else's code. Default: `sandbox`.
   */
  readonly place?: 'engine' | 'sandbox'
  /** Where it needs other limits than DEFAULT_COMPONENT_BUDGET. */
  readonly budget?: Partial<ComponentBudget>
  readonly options?: readonly ComponentOption[]
}

/** Limits of a component that names none. */
export const DEFAULT_COMPONENT_BUDGET: ComponentBudget = {
  timeMs: 30_000,
  memoryBytes: 512 << 20,
  outputBytes: 1 << 30,
  children: 100_000,
}

/** What a component is given. */
export interface ComponentInput {
  /** The whole content; borrowed, not to be changed. */
  readonly bytes: Uint8Array
  readonly type: FileTypeName
  /** Last part of its name as found; data, never a path to open. Empty where it has none. */
  readonly name: string
}

export type HashName = 'md5' | 'sha1' | 'sha256' | 'sha384' | 'sha512'

/** Cryptography that encrypted content needs; the host's, so that nobody writes it again. Synchronous. */
export interface CryptoPort {
  hash(name: HashName, bytes: Uint8Array): Uint8Array
  hmac(name: HashName, key: Uint8Array, bytes: Uint8Array): Uint8Array
  pbkdf2(name: HashName, password: Uint8Array, salt: Uint8Array, iterations: number, lengthBytes: number): Uint8Array
  /**
   * AES without padding. `ecb` takes an empty vector; input is a multiple of 16 bytes for `ecb` and `cbc`.
   * The key's length chooses AES-128, -192 or -256.
   */
  aesDecrypt(mode: 'ecb' | 'cbc', key: Uint8Array, iv: Uint8Array, bytes: Uint8Array): Uint8Array
  aesEncrypt(mode: 'ecb' | 'cbc', key: Uint8Array, iv: Uint8Array, bytes: Uint8Array): Uint8Array
}

/** What a component may use beside its input. */
export interface ComponentContext {
  /** Passwords to try, in this order: from the request, found around the artifact, then the usual ones. */
  readonly passwords: readonly string[]
  /** Every option that the manifest declares, with its default where nobody chose. */
  readonly options: Readonly<Record<string, boolean | number | string>>
  /** The budget in force: never more than the manifest's. */
  readonly budget: ComponentBudget
  readonly crypto: CryptoPort
}

/**
 * Content of a child: whole, or piece by piece. A piece is borrowed until the next one is asked for, so a decoder may
 * hand out its own buffer again and again. Whoever runs the component takes the pieces before it asks for the next
 * emission, and may stop asking at any time. A ContentError in the middle keeps what came before it and notes the rest
 * as missed.
 */
export type ChildContent = Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array>

export interface ChildEmission {
  readonly emit: 'child'
  /** Name as found, with its folders; data. May be empty, may repeat. */
  readonly name: string
  /** Default `extracted`: scanned as a file of its own. `view`: another reading of the parent, matched and no more. */
  readonly relation?: 'extracted' | 'supplementary' | 'view'
  readonly content: ChildContent
  /** What it is, where the container knows better than the content would tell. */
  readonly type?: FileTypeName
  /**
   * It only looks like a file of its own, by its first bytes. Should it be none after all, nothing is lost: its bytes
   * were matched as part of its parent. Default: false.
   */
  readonly guess?: boolean
  /** Facts about it, for example `zip.method`. */
  readonly properties?: readonly { readonly name: string; readonly value: string }[]
}

/** Something that was not looked at to the end. Each makes a verdict without findings `unscannable`. */
export interface MissedEmission {
  readonly emit: 'missed'
  readonly reason: Reason
  /** One sentence: what exactly, and what would help. */
  readonly detail: string
  /** Name of the member that it concerns, as in a child's `name`; absent: the artifact itself. */
  readonly member?: string
  readonly bytes?: number
}

export type Emission =
  | ChildEmission
  | MissedEmission
  /** A fact; names are dotted and stable, for example `ole2.author`. */
  | { readonly emit: 'property'; readonly name: string; readonly value: string }
  /** A typed block that a console can draw. */
  | { readonly emit: 'section'; readonly section: Section }
  /** Something odd; codes are stable. `ambiguous` where the format can be read in more than one way. */
  | { readonly emit: 'anomaly'; readonly code: string; readonly detail: string; readonly offset?: number }
  /** A heuristic; names as ClamAV's where clients rely on them (Heuristics.Encrypted.Zip). */
  | {
      readonly emit: 'detection'
      readonly name: string
      readonly severity: Severity
      readonly offset?: number
      readonly length?: number
    }
  /** A password that opened something, or that the artifact tells (a mail's text): tried first on what comes later. */
  | { readonly emit: 'password'; readonly password: string }

export interface Component {
  readonly manifest: ComponentManifest
  /**
   * Works on one artifact. Never throws for content except ContentError and ParseError, which end it with a reason;
   * everything else is a fault of the component.
   */
  process(input: ComponentInput, context: ComponentContext): Iterable<Emission> | AsyncIterable<Emission>
}
