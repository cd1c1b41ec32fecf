import { typeByName, type FileType, type FileTypeName } from '../formats/index.ts'
import {
  strongest,
  verdictsOf,
  type ArtifactReport,
  type Detection,
  type Reason,
  type Relation,
  type Verdict,
} from '../report/index.ts'
import { DEFAULT_COMPONENT_BUDGET, type ComponentManifest, type MissedEmission } from './component.ts'
import type { ScanRequest } from './engine-thread.ts'
import { Findings } from './findings.ts'
import { addHeuristics } from './heuristics.ts'
import type { FlatResult, FlatScanner } from './flat.ts'
import { Members, RunStopped } from './members.ts'
import { Passwords } from './passwords.ts'
import { jsonBytes, listed, ReportRoom, shortened } from './report-room.ts'
import type { ChildHead, PlainEmission } from './run-component.ts'
import type { TreeLimits } from './limits.ts'
import type { Shelf } from './shelf.ts'
import { budgetSentence, TreeBudget, type BudgetEnd } from './tree-budget.ts'
import type { Planner, Unpacker, UnpackOrder, UnpackOutcome } from './unpacker.ts'

// The artifact tree of one submission. Every artifact is matched while it lies in the thread's window; what components
// can take apart is kept, and waits on an explicit stack. Members are matched while their container is still being
// unpacked in the sandbox.
//
//   root ──match──▶ waits ──▶ component ──▶ member ──▶ window ──match──▶ waits, if it is a container itself
//
// Memory is bounded: what waits may hold MAX_WAITING_BYTES; members that find no room are passed over, and their
// container is taken apart once more when there is.

/** Content that waits to be taken apart, of one submission. */
const MAX_WAITING_BYTES = 128 << 20
/** Longest name of a member that is kept, in UTF-16 units. */
const MAX_NAME_CHARS = 1024
/** Longer paths lose their beginning: every artifact says whose child it is. */
const MAX_PATH_CHARS = 2048
/** Looks at the clock after this many bytes. */
const CLOCK_BYTES = 1 << 20
/** Components may say so much about one artifact. */
const MAX_PROPERTIES = 256
/** Things not seen that are kept of what may be no file. */
const MAX_EXCUSED = 64
/** Crashes after which content is not given to a component again. */
const MAX_CRASHES = 2

/** Types whose normal form is matched by the thread itself where it can, and the component that does it elsewhere. */
const NORMALISED: ReadonlySet<string> = new Set(['text', 'text-utf8'])
const NORMALISER = 'text-normalise'

/** What a tree needs of its thread. */
export interface TreeHost {
  readonly flat: FlatScanner
  /** Where members are put together and matched. */
  readonly window: Uint8Array
  /** Where content is kept that waits. */
  readonly shelf: Shelf
  readonly unpacker: Unpacker | undefined
  readonly planner: Planner
  readonly limits: TreeLimits
  /** Crashes of components, by component and content; outlives one tree. */
  readonly crashes: CrashCounter
}

export interface CrashCounter {
  /** @returns crashes so far, this one included */
  count(key: string): number
  of(key: string): number
  /** It was run without a crash. */
  forget(key: string): void
  readonly isEmpty: boolean
}

export interface Node {
  readonly id: number
  readonly parent: Node | undefined
  readonly relation: Relation
  readonly name: string
  readonly size: number
  readonly depth: number
  readonly type: FileType
  /** Absent for views, and for the root until something needs it. */
  sha256: string | undefined
  readonly findings: Findings
  /** ClamAV's names of this type and those around it, outermost first: what its members are inside of. */
  readonly containers: readonly string[]
  /** It only looks like a file: if it is none, nothing is missed. False as soon as something came out of it. */
  guess: boolean
  /** What would be missed if it were a file after all. */
  readonly excused: MissedEmission[]
  /** An earlier artifact with the same content in the same kind of place. */
  readonly twin?: Node
}

/** A container that waits, and how far it was already taken apart. */
export interface Waiting {
  readonly node: Node
  readonly content: Uint8Array
  plan: readonly ComponentManifest[]
  /** Place in the plan. */
  component: number
  /** Members and other emissions of that component that were already taken, and bytes of those members. */
  children: number
  emissions: number
  bytes: number
  /** What its first run was given: another one has to come to the same members. */
  passwords: readonly string[] | undefined
}

export class Tree {
  readonly #host: TreeHost
  readonly #request: ScanRequest
  readonly #onDetection: ((detection: Detection) => void) | undefined
  readonly #budget: TreeBudget
  readonly #passwords: Passwords
  readonly #room = new ReportRoom()
  readonly #nodes: Node[] = []
  readonly #waiting: Waiting[] = []
  /** First artifact of each content, by digest and place. */
  readonly #seen = new Map<string, Node>()
  /** Guesses that were none. */
  readonly #broken = new Set<Node>()
  #waitingBytes = 0
  #bytesMatched = 0
  /** The end of the budget; said once, of the artifact at which it came. */
  #ended: BudgetEnd | undefined

  constructor(host: TreeHost, request: ScanRequest, onDetection?: (detection: Detection) => void) {
    this.#host = host
    this.#request = request
    this.#onDetection = onDetection
    this.#budget = new TreeBudget(host.limits, request.content.length, request.deadlineMs)
    this.#passwords = new Passwords(request.passwords ?? [])
  }

  /** Bytes matched, over all artifacts. */
  get bytesMatched(): number {
    return this.#bytesMatched
  }

  /** Scans everything; afterwards artifacts() tells. */
  scan(): void {
    const { content, name } = this.#request
    const findings = this.#findings(name)
    const result = this.#match(content, findings, [])
    const root = this.#node(undefined, { relation: 'root', name, size: content.length }, findings, result)
    this.#wait(root, content, result.marks)
    for (let next = this.#waiting.at(-1); next !== undefined; next = this.#waiting.at(-1)) {
      const { children } = next
      if (!this.stopped && this.#budget.isLate) this.#end('time', next.node)
      if (this.stopped) this.#drop(next)
      else if (this.#advance(next) === 'later' && next.children === children) this.#end('output', next.node)
      if (next.component === next.plan.length) this.#drop(next)
    }
  }

  /** The artifacts as the report lists them. */
  artifacts(): ArtifactReport[] {
    const { alerts } = this.#host.limits
    if (alerts.length > 0) for (const node of this.#nodes) addHeuristics(node, alerts)
    const judged = this.#nodes.map(({ id, parent, findings }) => ({
      id,
      parent: parent?.id,
      detections: findings.detections,
      notSeen: findings.notSeen,
      trusted: findings.trusted,
    }))
    const verdicts = withTwins(this.#nodes, verdictsOf(judged))
    const artifacts = this.#nodes.map((node, i) => ({
      id: node.id,
      ...(node.parent === undefined ? {} : { parent: node.parent.id }),
      relation: node.relation,
      name: node.name,
      path: node.findings.path,
      size: node.size,
      ...(node.sha256 === undefined ? {} : { sha256: node.sha256 }),
      type: node.type.name,
      verdict: verdicts[i],
      ...node.findings.members(),
    }))
    const chosen = listed(this.#nodes)
    return chosen === undefined ? artifacts : shortened(artifacts, chosen)
  }

  /** The budget is used up. */
  get ended(): boolean {
    return this.#ended !== undefined
  }

  /** Nothing more is wanted. */
  get stopped(): boolean {
    return this.#ended !== undefined || this.#settled
  }

  /** Something malicious was found, and no more is asked for. */
  get #settled(): boolean {
    return !this.#request.allMatches && this.#infected
  }

  #infected = false

  readonly #heard = (detection: Detection): void => {
    if (detection.severity === 'malicious') this.#infected = true
    this.#onDetection?.(detection)
  }

  #findings(path: string, pathBytes?: number): Findings {
    return new Findings(path, this.#request.allMatches, this.#heard, this.#room, pathBytes)
  }

  #findingsOf(name: string, { findings }: Node): Findings {
    const bytes = jsonBytes(name) + '…!/'.length * 3
    return findings.path.length > MAX_PATH_CHARS
      ? this.#findings(`…!/${name}`, bytes)
      : this.#findings(`${findings.path}!/${name}`, findings.pathBytes + bytes)
  }

  #match(
    content: Uint8Array,
    findings: Findings,
    containers: readonly string[],
    forced?: FileType,
    isView = false,
  ): FlatResult {
    this.#bytesMatched += content.length
    const { deadlineMs } = this.#request
    return this.#host.flat.scan({
      content,
      findings,
      deadlineMs,
      containers,
      isView,
      ...(forced === undefined ? {} : { type: forced }),
    })
  }

  #node(
    parent: Node | undefined,
    { relation, name, size, guess = false }: Pick<Node, 'relation' | 'name' | 'size'> & { readonly guess?: boolean },
    findings: Findings,
    { type, digests }: FlatResult,
  ): Node {
    const sha256 = relation === 'view' ? undefined : this.#identityOf(parent, digests)
    // Of a guess less is said than of a file.
    const key = `${sha256} ${type.name} ${guess} ${parent?.containers.join('>') ?? ''}`
    const twin = sha256 === undefined ? undefined : this.#seen.get(key)
    const node: Node = {
      id: this.#nodes.length,
      parent,
      relation,
      name,
      size,
      depth: parent === undefined ? 0 : parent.depth + 1,
      type,
      sha256,
      findings,
      guess,
      excused: [],
      containers: [...(parent?.containers ?? []), type.clamType],
      ...(twin === undefined ? {} : { twin }),
    }
    if (sha256 !== undefined && twin === undefined) this.#seen.set(key, node)
    this.#nodes.push(node)
    return node
  }

  #identityOf(parent: Node | undefined, digests: FlatResult['digests']): string | undefined {
    return parent !== undefined || this.#request.identity !== false ? digests.sha256 : digests.knownSha256
  }

  /** The root's digest costs more than its match: it is computed when something depends on it. */
  #identify({ node, content }: Waiting): void {
    node.sha256 ??= this.#host.flat.digestsOf(content).sha256
  }

  /**
   * Puts an artifact on the stack if something takes it apart; says what is not seen if nothing does.
   * @returns whether its content is kept: memory from the shelf goes back there from here
   */
  #wait(node: Node, content: Uint8Array, marks: readonly string[]): boolean {
    const plan = this.#planOf(node, content, marks)
    if (plan.length === 0) return false
    // Its normal form takes the place of text in the window: what has to be kept is kept before.
    const isText = NORMALISED.has(node.type.name) && content.length <= this.#host.window.length
    const rest = isText ? plan.filter(({ name }) => name !== NORMALISER) : plan
    if (rest.length === 0) {
      this.#normalForm(node, content)
      return false
    }
    const kept = this.#keep(content, rest)
    this.#waitingBytes += kept.length
    const waiting = {
      node,
      content: kept,
      plan: rest,
      component: 0,
      children: 0,
      emissions: 0,
      bytes: 0,
      passwords: undefined,
    }
    this.#waiting.push(waiting)
    if (isText) this.#normalForm(node, content)
    this.#runLinear(waiting)
    return true
  }

  /** What is to take an artifact apart; where nothing may, it is said why. */
  #planOf(node: Node, content: Uint8Array, marks: readonly string[]): readonly ComponentManifest[] {
    const { type, findings } = node
    if (findings.trusted || this.#settled || content.length === 0 || node.relation === 'view') return []
    const { limits } = this.#host
    const plan = this.#plan(type, marks)
    if (type.container && !plan.some(({ stage }) => stage === 'extract'))
      findings.missed(
        'unsupported',
        `The content of ${type.description} is not taken apart yet; only its raw bytes were matched`,
      )
    if (plan.length === 0) return []
    if (isInside(node)) findings.missed('too-deep', 'It contains itself; what is inside of it was looked at once')
    else if (content.length > limits.maxUnpackBytes)
      findings.missed('too-large', `Only content of up to ${limits.maxUnpackBytes} bytes is taken apart`)
    else if (node.twin === undefined) return plan
    return []
  }

  /**
   * Content that outlives the window: in shared memory of its own, from which it goes to a sandbox without a copy.
   * The window itself is needed for the members.
   */
  #keep(content: Uint8Array, plan: readonly ComponentManifest[]): Uint8Array {
    const { window, shelf } = this.#host
    // Only what goes to a sandbox has to lie in shared memory.
    if (plan.every(({ place }) => place === 'engine'))
      return content.buffer === window.buffer ? content.slice() : content
    if (content.buffer instanceof SharedArrayBuffer && content.buffer !== window.buffer) return content
    const kept = new Uint8Array(shelf.take(content.length), 0, content.length)
    kept.set(content)
    return kept
  }

  /** Matches text once more in its normal form; the result is listed where it shows something. */
  #normalForm(node: Node, content: Uint8Array): void {
    const findings = this.#findingsOf('text', node)
    const { containers } = node
    const view = { content, findings, containers, deadlineMs: this.#request.deadlineMs, isView: true }
    const result = this.#host.flat.scanNormalForm(view)
    if (result === undefined) return
    this.#bytesMatched += result.size
    if (!findings.isEmpty) this.#node(node, { relation: 'view', name: 'text', size: result.size }, findings, result)
  }

  /** What runs in this thread is run at once, also in the middle of a run in a sandbox: nothing has to be kept for it. */
  #runLinear(waiting: Waiting): void {
    const isNext = (): boolean =>
      !this.stopped && !this.#budget.isLate && waiting.plan[waiting.component]?.place === 'engine'
    while (isNext() && this.#advance(waiting) === 'again');
    if (waiting.component === waiting.plan.length) this.#drop(waiting)
  }

  #plan(type: FileType, marks: readonly string[]): readonly ComponentManifest[] {
    const { planner, unpacker } = this.#host
    return unpacker === undefined ? [] : planner.plan(type.name as FileTypeName, marks)
  }

  #drop(waiting: Waiting): void {
    const at = this.#waiting.indexOf(waiting)
    if (at < 0) return
    this.#waiting.splice(at, 1)
    const { buffer, length } = waiting.content
    this.#waitingBytes -= length
    if (buffer !== this.#request.content.buffer) this.shelf.give(buffer as SharedArrayBuffer)
    if (this.#ended !== undefined && waiting.component < waiting.plan.length && !this.#settled)
      this.#sayEnded(waiting.node, this.#ended)
  }

  /**
   * Runs the next component of a container, or goes on with one.
   * @returns `later` where members were passed over because there is no room for them
   */
  #advance(waiting: Waiting): 'again' | 'later' {
    const manifest = waiting.plan[waiting.component]
    const { node } = waiting
    const { crashes } = this.#host
    if (manifest.place !== 'engine' || !crashes.isEmpty) this.#identify(waiting)
    if (crashes.of(keyOf(manifest, node)) >= MAX_CRASHES) {
      node.findings.missed('crashed', `Content that ended ${manifest.name} twice is not given to it again`)
      this.#next(waiting)
      return 'again'
    }
    const members = new Members(this, waiting)
    const outcome = this.#run(manifest, waiting, members)
    members.close()
    if (outcome === 'crashed') {
      // Once more, behind what was taken: a container is not lost because its sandbox was.
      this.#identify(waiting)
      crashes.count(keyOf(manifest, node))
      return 'again'
    }
    if (outcome === 'unavailable')
      node.findings.missed('crashed', `There is no sandbox in which ${manifest.name} could be run`)
    else if (outcome === 'time') node.findings.missed('time', `${manifest.name} was ended: it took longer than it may`)
    else crashes.forget(keyOf(manifest, node))
    if (members.passedOver) return 'later'
    this.#next(waiting)
    return 'again'
  }

  #run(manifest: ComponentManifest, waiting: Waiting, members: Members): UnpackOutcome {
    const { node, content } = waiting
    const own = { ...DEFAULT_COMPONENT_BUDGET, ...manifest.budget }
    const order: UnpackOrder = {
      component: manifest.name,
      type: node.type.name as FileTypeName,
      name: lastPart(node.name),
      passwords: (waiting.passwords ??= this.#passwords.list()),
      options: {},
      budget: this.#budget.share(own, manifest.place === 'engine', waiting),
      content,
    }
    try {
      return this.#host.unpacker?.run(order, members) ?? 'done'
    } catch (error) {
      if (error instanceof RunStopped) return 'done'
      throw error
    }
  }

  #next(waiting: Waiting): void {
    waiting.component++
    waiting.children = 0
    waiting.emissions = 0
    waiting.bytes = 0
    waiting.passwords = undefined
    if (waiting.component === waiting.plan.length && this.#broken.delete(waiting.node)) this.#asData(waiting)
  }

  /** What only looked like a file hides what lies behind its beginning: it is looked through as the data that it is. */
  #asData(waiting: Waiting): void {
    // Marks were not looked for in what it seemed to be.
    const marks = (this.#host.unpacker?.manifests ?? []).flatMap(manifest => manifest.marks ?? [])
    const more = this.#plan(typeByName('data'), marks).filter(manifest => !waiting.plan.includes(manifest))
    waiting.plan = [...waiting.plan, ...more]
  }

  #end(reason: BudgetEnd, node: Node): void {
    if (this.#ended !== undefined) return
    this.#ended = reason
    this.#sayEnded(node, reason)
  }

  #sayEnded(node: Node, reason: BudgetEnd): void {
    const detail = budgetSentence(reason, this.#budget)
    if (node.findings.notSeen.some(other => other.detail === detail)) return
    node.findings.missed(reason === 'time' ? 'time' : 'too-large', detail)
  }

  /** There is room for one more container to wait: always for the first of one, so that all of them get on. */
  hasRoom(container: Waiting): boolean {
    return this.#waitingBytes < MAX_WAITING_BYTES || this.#waiting.at(-1) === container
  }

  /** Whether a member may be taken at all. */
  admit(node: Node): boolean {
    if (this.stopped) return false
    if (node.depth >= this.#budget.limits.maxDepth) {
      const detail = `It lies ${node.depth} containers deep; what is inside of it was not looked at`
      if (!node.findings.notSeen.some(other => other.reason === 'too-deep')) node.findings.missed('too-deep', detail)
      return false
    }
    if (this.#budget.isLate) this.#end('time', node)
    else if (!this.#budget.takeArtifact()) this.#end('artifacts', node)
    return this.#ended === undefined
  }

  /** Charges a piece of a member. False: no more of it. */
  take(node: Node, bytes: number, fill: number): boolean {
    if (this.#ended !== undefined) return false
    if (!this.#budget.takeOutput(bytes)) this.#end('output', node)
    else if (fill % CLOCK_BYTES < bytes && this.#budget.isLate) this.#end('time', node)
    return this.#ended === undefined
  }

  get shelf(): Shelf {
    return this.#host.shelf
  }

  get window(): Uint8Array {
    return this.#host.window
  }

  /** Longest member that can be put together now. */
  get maxMemberBytes(): number {
    return Math.min(this.#budget.limits.maxUnpackBytes, this.#budget.maxOutputBytes)
  }

  /**
   * A member is complete, or as much of it as will come.
   * @returns whether its content is kept
   */
  member(waiting: Waiting, head: ChildHead, index: number, content: Uint8Array, cut: boolean): boolean {
    const { node: container } = waiting
    const size = content.length
    const relation = head.relation ?? 'extracted'
    const name = head.name.slice(0, MAX_NAME_CHARS)
    // What no member holds comes out of anything, and members of ZIP out of chance: a sound archive is no guess.
    const tells = size > 0 && relation === 'extracted' && container.type.name !== 'zip'
    if (container.guess && tells) this.#isFile(container)
    const findings = this.#findingsOf(name === '' ? `#${index}` : name, container)
    for (const { name: property, value } of head.properties ?? []) findings.property(property, value)
    if (cut)
      findings.missed(
        'too-large',
        `Only the first ${size} bytes of it were looked at; the rest does not fit into memory`,
      )
    const forced = head.type === undefined ? undefined : typeByName(head.type)
    if (relation !== 'view') this.#identify(waiting)
    const result = this.#match(content, findings, container.containers, forced, relation === 'view')
    // Views are readings, not files: they are listed only where they show something.
    if (relation === 'view' && findings.isEmpty) return false
    return this.#wait(
      this.#node(container, { relation, name, size, guess: head.guess === true }, findings, result),
      content,
      result.marks,
    )
  }

  /** Something came out of it: it is a file, and what was not seen of it was missed. */
  #isFile(node: Node): void {
    node.guess = false
    for (const { reason, detail, bytes, member } of node.excused.splice(0))
      node.findings.missed(reason, detail, bytes, member)
  }

  /** What a component says beside members. */
  note(node: Node, emission: PlainEmission): void {
    const { findings } = node
    switch (emission.emit) {
      case 'property':
        if (findings.properties.length < MAX_PROPERTIES) findings.property(emission.name, emission.value)
        return
      case 'anomaly':
        return findings.anomaly(emission.code, emission.detail, emission.offset)
      case 'section':
        return findings.section(emission.section)
      case 'missed':
        // The end of the whole budget was said already.
        if (this.#ended !== undefined && (emission.reason === 'too-large' || emission.reason === 'time')) return
        if (node.guess && isNoFile(emission.reason)) {
          if (node.excused.length < MAX_EXCUSED) node.excused.push(emission)
          this.#broken.add(node)
          return findings.anomaly('embedded-broken', emission.detail)
        }
        return findings.missed(emission.reason, emission.detail, emission.bytes, emission.member)
      case 'password':
        return this.#passwords.found(emission.password)
      case 'detection':
        return findings.detect(
          {
            name: emission.name,
            kind: 'heuristic',
            severity: emission.severity,
            source: { database: 'heuristics', line: 0 },
          },
          emission.offset,
          emission.length,
        )
    }
  }
}

/** A twin is not looked into again: what was found in the first one counts for it, and for what is around it. */
function withTwins(nodes: readonly Node[], verdicts: Verdict[]): Verdict[] {
  // Verdicts only grow, and there are few of them: this ends.
  for (let changed = true; changed;) {
    changed = false
    for (const { id, twin } of nodes) {
      if (twin === undefined || verdicts[id] === verdicts[twin.id]) continue
      for (let at: Node | undefined = nodes[id]; at !== undefined; at = at.parent) {
        const joined = strongest(verdicts[at.id], verdicts[twin.id])
        if (joined !== verdicts[at.id] && verdicts[at.id] !== 'trusted') {
          verdicts[at.id] = joined
          changed = true
        }
      }
    }
  }
  return verdicts
}

const keyOf = ({ name }: ComponentManifest, { sha256 }: Node): string => `${name} ${sha256}`

/** The last part of a name: what comes out of content is named after it. */
const lastPart = (name: string): string => name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1)

/** Reasons that content has which is not what it looked like. */
const isNoFile = (reason: Reason): boolean => reason === 'malformed' || reason === 'unsupported'

/** The same content lies around it. */
function isInside({ sha256, parent }: Node): boolean {
  for (let above = parent; above !== undefined; above = above.parent)
    if (above.sha256 !== undefined && above.sha256 === sha256) return true
  return false
}
