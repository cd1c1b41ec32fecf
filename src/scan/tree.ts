import { typeByName, type FileTypeName } from '../formats/index.ts'
import type { ArtifactReport, Detection } from '../report/index.ts'
import { DEFAULT_COMPONENT_BUDGET, type ComponentManifest } from './component.ts'
import { EmissionNotes } from './emission-notes.ts'
import type { ScanRequest } from './engine-thread.ts'
import { Members, RunStopped } from './members.ts'
import { Passwords } from './passwords.ts'
import type { ChildHead, PlainEmission } from './run-component.ts'
import type { Shelf } from './shelf.ts'
import { TreeBudget } from './tree-budget.ts'
import { TreeEnd } from './tree-end.ts'
import type { TreeHost } from './tree-host.ts'
import { TreeMatch } from './tree-match.ts'
import { NodeList, type Node } from './tree-node.ts'
import { TreePlan, withoutNormaliser } from './tree-plan.ts'
import { reportedArtifacts } from './tree-report.ts'
import { toNextComponent, WaitingStack, type Waiting } from './tree-waiting.ts'
import type { UnpackOrder, UnpackOutcome } from './unpacker.ts'

// The artifact tree of one submission. Every artifact is matched while it lies in the thread's window; what components
// can take apart is kept, and waits on an explicit stack. Members are matched while their container is still being
// unpacked in the sandbox.
//
//   root ──match──▶ waits ──▶ component ──▶ member ──▶ window ──match──▶ waits, if it is a container itself
//
// Memory is bounded: what waits has a limit (tree-waiting.ts); members that find no room are passed over, and their
// container is taken apart once more when there is.

/** Longest name of a member that is kept, in UTF-16 units. */
const MAX_NAME_CHARS = 1024
/** Crashes after which content is not given to a component again. */
const MAX_CRASHES = 2

export class Tree {
  readonly #host: TreeHost
  readonly #request: ScanRequest
  readonly #matches: TreeMatch
  readonly #budget: TreeBudget
  readonly #end: TreeEnd
  readonly #passwords: Passwords
  readonly #notes: EmissionNotes
  readonly #plan: TreePlan
  readonly #nodes: NodeList
  readonly #waiting: WaitingStack

  constructor(host: TreeHost, request: ScanRequest, onDetection?: (detection: Detection) => void) {
    this.#host = host
    this.#request = request
    this.#matches = new TreeMatch(host.flat, request, onDetection)
    this.#budget = new TreeBudget(host.limits, request.content.length, request.deadlineMs)
    this.#end = new TreeEnd(this.#budget)
    this.#passwords = new Passwords(request.passwords ?? [])
    this.#notes = new EmissionNotes(this.#end, this.#passwords)
    this.#plan = new TreePlan(host)
    this.#nodes = new NodeList(request.identity !== false)
    this.#waiting = new WaitingStack(host.window, host.shelf, request.content.buffer)
  }

  /** Bytes matched, over all artifacts. */
  get bytesMatched(): number {
    return this.#matches.bytesMatched
  }

  /** Scans everything; afterwards artifacts() tells. */
  scan(): void {
    const { content, name } = this.#request
    const findings = this.#matches.findings(name)
    const result = this.#matches.match(content, findings, { containers: [] })
    const root = this.#nodes.add(undefined, { relation: 'root', name, size: content.length }, findings, result)
    this.#wait(root, content, result.marks)
    for (let next = this.#waiting.top; next !== undefined; next = this.#waiting.top) {
      const { children } = next
      if (!this.stopped && this.#budget.isLate) this.#end.reach('time', next.node)
      if (this.stopped) this.#drop(next)
      else if (this.#advance(next) === 'later' && next.children === children) this.#end.reach('output', next.node)
      if (next.component === next.plan.length) this.#drop(next)
    }
  }

  /** The artifacts as the report lists them. */
  artifacts(): ArtifactReport[] {
    return reportedArtifacts(this.#nodes.all, this.#host.limits.alerts)
  }

  /** The budget is used up. */
  get ended(): boolean {
    return this.#end.isReached
  }

  /** Nothing more is wanted. */
  get stopped(): boolean {
    return this.#end.isReached || this.#matches.isSettled
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
    const plan = this.#matches.isSettled ? [] : this.#plan.of(node, content, marks)
    if (plan.length === 0) return false
    // Its normal form takes the place of text in the window: what has to be kept is kept before.
    const isText = this.#plan.isNormalisedHere(node.type, content)
    const rest = isText ? withoutNormaliser(plan) : plan
    if (rest.length === 0) {
      this.#normalForm(node, content)
      return false
    }
    const waiting = this.#waiting.push(node, content, rest)
    if (isText) this.#normalForm(node, content)
    this.#runLinear(waiting)
    return true
  }

  /** Matches text once more in its normal form; the result is listed where it shows something. */
  #normalForm(node: Node, content: Uint8Array): void {
    const findings = this.#matches.findingsOf('text', node)
    const result = this.#matches.normalForm(node, content, findings)
    if (result !== undefined)
      this.#nodes.add(node, { relation: 'view', name: 'text', size: result.size }, findings, result)
  }

  /** What runs in this thread is run at once, also in the middle of a run in a sandbox: nothing has to be kept for it. */
  #runLinear(waiting: Waiting): void {
    const isNext = (): boolean =>
      !this.stopped && !this.#budget.isLate && waiting.plan[waiting.component]?.place === 'engine'
    while (isNext() && this.#advance(waiting) === 'again');
    if (waiting.component === waiting.plan.length) this.#drop(waiting)
  }

  #drop(waiting: Waiting): void {
    if (!this.#waiting.remove(waiting)) return
    if (waiting.component < waiting.plan.length && !this.#matches.isSettled) this.#end.sayOf(waiting.node)
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
    toNextComponent(waiting)
    if (waiting.component === waiting.plan.length && this.#notes.takeBroken(waiting.node))
      waiting.plan = this.#plan.asData(waiting)
  }

  /** There is room for one more container to wait. */
  hasRoom(container: Waiting): boolean {
    return this.#waiting.hasRoom(container)
  }

  /** Whether a member may be taken at all. */
  admit(node: Node): boolean {
    return !this.stopped && this.#end.takeMember(node)
  }

  /** Charges a piece of a member. False: no more of it. */
  take(node: Node, bytes: number, fill: number): boolean {
    return this.#end.takeBytes(node, bytes, fill)
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
    if (container.guess && tells) this.#notes.isFile(container)
    const findings = this.#matches.findingsOf(name === '' ? `#${index}` : name, container)
    for (const { name: property, value } of head.properties ?? []) findings.property(property, value)
    if (cut)
      findings.missed(
        'too-large',
        `Only the first ${size} bytes of it were looked at; the rest does not fit into memory`,
      )
    const type = head.type === undefined ? undefined : typeByName(head.type)
    const isView = relation === 'view'
    if (!isView) this.#identify(waiting)
    const result = this.#matches.match(content, findings, { containers: container.inside.containers, type, isView })
    // Views are readings, not files: they are listed only where they show something.
    if (isView && findings.isEmpty) return false
    const node = this.#nodes.add(container, { relation, name, size, guess: head.guess === true }, findings, result)
    return this.#wait(node, content, result.marks)
  }

  /** What a component says beside members. */
  note(node: Node, emission: PlainEmission): void {
    this.#notes.note(node, emission)
  }
}

const keyOf = ({ name }: ComponentManifest, { sha256 }: Node): string => `${name} ${sha256}`

/** The last part of a name: what comes out of content is named after it. */
const lastPart = (name: string): string => name.slice(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1)
