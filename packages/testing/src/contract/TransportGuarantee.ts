/**
 * The guarantees that a transport can give, and the error of a broken guarantee.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import * as Data from "effect/Data"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * Each guarantee as a sentence. The set is closed: a `Record` or a `switch` over it is complete.
 *
 * @category models
 * @since 0.1.0
 */
export const sentences = {
  /** Tested with bytes of every value, and with bytes that look like HTTP. */
  bytes: "The bytes of a body arrive as they were sent, in both directions.",
  /** Each header arrives once, with its whole value. */
  headers: "Headers arrive as they were sent, in both directions.",
  /** Tested with a length of 0 and with a 204. */
  emptyBody: "An empty body arrives as an empty body, and its stream ends.",
  /** Tested with 1 MiB in the request and 4 MiB in the response. */
  largeBody: "A body of several megabytes arrives whole, in both directions.",
  /** Tested with the statuses of the service and of gateways, also after interim responses. */
  statuses: "Every status is a response, not a failure.",
  /** Tested with six requests at once. */
  concurrency: "Each of several concurrent requests gets its own response.",
  /** The transport does not retry, not even a 429 or a 503. */
  oneRequest: "A request that gets a response is sent once, whatever the status.",
  /** A second request may use up a code that works only once. */
  noResend: "The transport never sends a request again by itself, not even after a lost connection or a 421.",
  /** A redirect would carry the client secret to another host. */
  noRedirect: "The transport follows no redirect.",
  /** A browser or a client may add them by itself. */
  nothingAdded: "The transport adds no cookie, credential, referrer or trace header to a request.",
  /** Tested before the response, and in the middle of its body. */
  interruption: "Interrupting a request closes its connection.",
  /** A caller that limits the size of a body stops reading at the limit. */
  abandonedBody: "If a reader stops in the middle of a body, the connection closes.",
  /** A name may have an IPv6 address that does not work beside an IPv4 address that does. */
  addressFallback: "A host name is reached as long as one of its addresses works.",
  /** The limit covers name lookup, TCP and TLS. It does not cover the wait for a response. */
  connectTimeout: "An attempt to connect that does not succeed fails within a time limit.",
  /** The caller may safely send such a request again. */
  sentNo: "If a request cannot have left, its failure says `sent: \"no\"`.",
  /** The caller must not send such a request again if it holds a code that works only once. */
  sentMaybe: "If the server may have received a request, its failure never says `sent: \"no\"`.",
  /** Tested with a body that ends before its length, before its last chunk, or by a reset. */
  truncatedBody: "If a body is cut off, its stream fails. It does not end as if the body were whole.",
  /** The `transient` of core's `TransportCause`. */
  transient:
    "A failure is permanent if the server's certificate is not trusted, or if the server speaks no TLS that the client accepts. Any other failure is transient.",
  /** The transport uses the platform's own trust, and no option turns it off. */
  trust: "A server whose certificate is not trusted receives no request.",
  /** A new connection costs each poll the handshakes of TCP and TLS. */
  connectionReuse: "A connection serves several requests, one after another.",
  /** A server may close a connection with its response, or while the process is frozen. */
  closedConnection: "If the server's close of a connection has arrived, the transport sends no request on it.",
  /** A program must be able to end. */
  scopeEnd: "When the scope of the layer closes, the transport ends its requests and closes its connections."
} as const

/**
 * The name of a guarantee.
 *
 * @category models
 * @since 0.1.0
 */
export type GuaranteeName = keyof typeof sentences

const isName = (name: string): name is GuaranteeName => Object.hasOwn(sentences, name)

/**
 * All names, in the order of {@link sentences}.
 *
 * @category models
 * @since 0.1.0
 */
export const names: ReadonlyArray<GuaranteeName> = /* @__PURE__ */ Object.keys(sentences).filter(isName)

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

interface ContractViolationMembers {
  /** The tag of this error. */
  readonly _tag: "ContractViolation"
  /** The guarantee that the transport broke. */
  readonly guarantee: GuaranteeName
  /** The name of the case, without its guarantee. */
  readonly case: string
  /** What the contract expected in this case. */
  readonly expected: string
  /** What happened instead. */
  readonly actual: string
  /** All of this as text, and what to do. */
  readonly message: string
}

const ContractViolationBase: new(
  members: Omit<ContractViolationMembers, "_tag">
) => Cause.YieldableError & ContractViolationMembers = /* @__PURE__ */ Data.TaggedError("ContractViolation")<
  Omit<ContractViolationMembers, "_tag">
>

/**
 * A transport broke a guarantee.
 *
 * @category errors
 * @since 0.1.0
 */
export class ContractViolation extends ContractViolationBase {
  // a member and not a getter, so that it is in the stack, which some runners show alone
  constructor(members: Omit<ContractViolationMembers, "_tag" | "message">) {
    const { actual, expected, guarantee } = members
    super({
      ...members,
      message: `The transport breaks ${guarantee}. ${
        sentences[guarantee]
      } In the case "${members.case}" the contract expected ${expected}, but ${actual}. Fix the transport, or leave ${guarantee} out of the option guarantees.`
    })
  }
}
