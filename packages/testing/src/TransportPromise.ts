/**
 * What a transport can promise, by name and in words, and what it is told when it breaks a promise.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * Every promise in a sentence. A closed set: `Record` and `switch` over it are complete.
 *
 * @category models
 * @since 0.1.0
 */
export const sentences = {
  bytes: "The bytes of a body arrive as sent, both ways.",
  headers: "Headers arrive as sent, both ways.",
  emptyBody: "A body without bytes arrives as one, and its stream ends.",
  largeBody: "A body of megabytes arrives whole, both ways.",
  statuses: "Every status is an answer, no failure.",
  apart: "Requests at the same time get each its own answer.",
  oneRequest: "An answered request was on the wire once, whatever its status.",
  noResend: "A request is never sent again by itself, also not after its connection died or a 421.",
  noRedirect: "No redirect is followed.",
  nothingAdded: "No cookie, credential, referrer or trace is added to a request.",
  interruption: "Interruption closes the connection.",
  cap: "Whoever stops reading in the middle of a body closes the connection.",
  addresses: "A name is reached as long as one of its addresses is.",
  connectLimit: "A connection that does not come about fails within a limit of time.",
  sentNo: "A request that cannot have left is told as `sent: \"no\"`.",
  sentMaybe: "A request that the server may have seen is never told as `sent: \"no\"`.",
  answered: "A body that was cut off is a failure of its stream, not an end.",
  transient:
    "Waiting does not mend an untrusted certificate, or a peer that shares no TLS with the client. It may mend the rest.",
  trust: "A server whose certificate nobody trusts gets no request.",
  reuse: "A connection serves one request after another.",
  ended: "No request is written to a connection whose end has already arrived.",
  scopeEnd: "Nothing is left when the scope of the layer has closed: requests end, connections close."
} as const

/**
 * The name of a promise.
 *
 * @category models
 * @since 0.1.0
 */
export type PromiseName = keyof typeof sentences

const isName = (name: string): name is PromiseName => Object.hasOwn(sentences, name)

/**
 * Every name, in the order of the sentences.
 *
 * @category models
 * @since 0.1.0
 */
export const names: ReadonlyArray<PromiseName> = /* @__PURE__ */ Object.keys(sentences).filter(isName)

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * A promise that was not kept: which one, in what case, and what happened in place of what.
 *
 * @category errors
 * @since 0.1.0
 */
export class ContractViolation extends Data.TaggedError("ContractViolation")<{
  readonly promise: PromiseName
  /** The name of the case. */
  readonly case: string
  readonly expected: string
  readonly actual: string
  readonly message: string
}> {
  // as a member and not a getter, so that it stands in the stack, which is all that some runners show
  constructor(members: {
    readonly promise: PromiseName
    readonly case: string
    readonly expected: string
    readonly actual: string
  }) {
    const { actual, expected, promise } = members
    super({
      ...members,
      message: `${promise}, ${members.case}: expected ${expected}, but ${actual} (${sentences[promise]})`
    })
  }
}
