/**
 * What a transport can guarantee, by name and in words, and the error of a guarantee that was not kept.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"

// -----------------------------------------------------------------------------
// models
// -----------------------------------------------------------------------------

/**
 * Every guarantee in a sentence. A closed set: `Record` and `switch` over it are complete.
 *
 * @category models
 * @since 0.1.0
 */
export const sentences = {
  /** Bytes of every value, and bytes that look like HTTP. */
  bytes: "The bytes of a body arrive as sent, both ways.",
  /** Each header once, with its whole value. */
  headers: "Headers arrive as sent, both ways.",
  /** A length of zero, and a 204. */
  emptyBody: "A body without bytes arrives as one, and its stream ends.",
  /** One MiB in the request, four in the response. */
  largeBody: "A body of megabytes arrives whole, both ways.",
  /** Those of the service and of gateways before it, also after interim responses. */
  statuses: "Every status is a response, not a failure.",
  /** Six requests at once. */
  concurrency: "Each of several requests at the same time gets its own response.",
  /** The transport does not retry, also not a 429 or a 503. */
  oneRequest: "A request that got a response was on the wire once, whatever its status.",
  /** A second request may spend a code that is good for one use. */
  noResend: "A request is never sent again by itself, also not after its connection died or a 421.",
  /** A redirect would carry the client secret to another host. */
  noRedirect: "No redirect is followed.",
  /** What a browser or a client may add by itself. */
  nothingAdded: "No cookie, credential, referrer or trace is added to a request.",
  /** Before the response, and in the middle of its body. */
  interruption: "Interruption closes the connection.",
  /** A caller with a cap on the body stops reading. */
  abandonedBody: "The connection closes when a reader stops in the middle of a body.",
  /** A name may have a dead IPv6 address beside a living IPv4 address. */
  addressFallback: "A name is reached as long as one of its addresses is.",
  /** Name, TCP and TLS. It says nothing of the wait for a response. */
  connectTimeout: "A connection that does not come about fails within a limit of time.",
  /** Such a request may be sent again without harm. */
  sentNo: "The failure of a request that cannot have left says `sent: \"no\"`.",
  /** Such a request must not be sent again when it is good for one use. */
  sentMaybe: "The failure of a request that the server may have seen never says `sent: \"no\"`.",
  /** By its length, by its last chunk, or by a reset. */
  truncatedBody: "A body that was cut off is a failure of its stream, not an end.",
  /** The `transient` of `TransportCause`. */
  transient:
    "A failure is permanent for an untrusted certificate, or a peer that shares no TLS with the client. Any other is transient.",
  /** The platform's own trust, without an option that turns it off. */
  trust: "A server whose certificate is not trusted gets no request.",
  /** Each new connection costs a poll the handshakes of TCP and TLS. */
  connectionReuse: "A connection serves one request after another.",
  /** A server may close with its response, or while the process is frozen. */
  closedConnection: "No request is written to a connection whose end has already arrived.",
  /** A program must be able to end. */
  scopeEnd: "Nothing is left when the scope of the layer has closed: requests end, connections close."
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
 * Every name, in the order of the sentences.
 *
 * @category models
 * @since 0.1.0
 */
export const names: ReadonlyArray<GuaranteeName> = /* @__PURE__ */ Object.keys(sentences).filter(isName)

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

/**
 * A guarantee that was not kept: which one, in which case, what was expected, and what happened.
 *
 * @category errors
 * @since 0.1.0
 */
export class ContractViolation extends Data.TaggedError("ContractViolation")<{
  /** The guarantee that was not kept. */
  readonly guarantee: GuaranteeName
  /** The name of the case, without its guarantee. */
  readonly case: string
  /** What the guarantee says of this case. */
  readonly expected: string
  /** What happened instead. */
  readonly actual: string
  /** All of it as one sentence. */
  readonly message: string
}> {
  // as a member and not a getter, so that it stands in the stack, which is all that some runners show
  constructor(members: {
    readonly guarantee: GuaranteeName
    readonly case: string
    readonly expected: string
    readonly actual: string
  }) {
    const { actual, expected, guarantee } = members
    super({
      ...members,
      message: `${guarantee}, ${members.case}: expected ${expected}, but ${actual} (${sentences[guarantee]})`
    })
  }
}
