export { Budget, BudgetSpent, type ContentWindow, type Subject } from './subject.ts'
export {
  CONTENT_MARGIN_BYTES,
  createKernel,
  createReferenceKernel,
  KERNEL_OUT_BYTES,
  type Kernel,
  type ThreadMemory,
} from './kernel.ts'
export { Matcher, type Match, type MatchOptions } from './matcher.ts'
export { DigestLookup } from './digests.ts'
