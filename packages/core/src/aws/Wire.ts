/**
 * The rules of the wire of AWS's services that the packages of this project share.
 *
 * **Unstable.** A minor release may change anything here. Use it to write another service or another transport, not in an
 * application.
 *
 * @since 0.1.0
 */
import * as Channel from "effect/Channel"
import * as Effect from "effect/Effect"
import * as Base64 from "effect/encoding/Base64"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Pull from "effect/Pull"
import * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import * as Tracer from "effect/Tracer"
import * as Collect from "../internal/collect.ts"

// -----------------------------------------------------------------------------
// busy
// -----------------------------------------------------------------------------

/**
 * The error types that AWS's clients treat as throttling or transient, whatever the status of the response.
 *
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
 * @category busy
 * @since 0.1.0
 */
export const busyTypes: ReadonlySet<string> = /* @__PURE__ */ new Set([
  "BandwidthLimitExceeded",
  "LimitExceededException",
  "PriorRequestNotComplete",
  "ProvisionedThroughputExceededException",
  "RequestLimitExceeded",
  "RequestThrottled",
  "RequestThrottledException",
  "RequestTimeout",
  "RequestTimeoutException",
  "SlowDown",
  "ThrottledException",
  "Throttling",
  "ThrottlingException",
  "TooManyRequestsException",
  "TransactionInProgressException"
])

/**
 * Whether a status is busy: 408, 429, or 500 and above. The service, or a proxy before it, cannot respond now.
 *
 * @category busy
 * @since 0.1.0
 */
export const isBusyStatus = (status: number): boolean => status === 408 || status === 429 || status >= 500

/**
 * Whether an error is busy: its status is busy, or it is a 4xx and its error type is in {@link busyTypes}.
 *
 * Two kinds of errors are never busy. A `TransportError` has its own member `transient`. A response from a URL that the client
 * did not call is no reason to send the request again, whatever its status.
 *
 * It reads the members of the error, so that it also understands an error from another process.
 *
 * @category busy
 * @since 0.1.0
 */
export const isBusy = (error: unknown): boolean => {
  if (Predicate.isTagged(error, "TransportError")) return false
  if (!Predicate.hasProperty(error, "status") || typeof error.status !== "number") return false
  if (Predicate.hasProperty(error, "problem") && error.problem === "redirect") return false
  return isBusyStatus(error.status) || (
    error.status >= 400 && Predicate.hasProperty(error, "code") && typeof error.code === "string" &&
    busyTypes.has(error.code)
  )
}

// -----------------------------------------------------------------------------
// error types
// -----------------------------------------------------------------------------

/**
 * The error type in a header or in a member of a body; `undefined` if there is none.
 *
 * As restJson1 requires, it ends at the first `:` and begins after the `#`. It also ends at the first comma, which joins a header
 * that came twice.
 *
 * @category error types
 * @since 0.1.0
 */
export const errorTypeIn = (value: unknown): string | undefined => {
  if (typeof value !== "string") return undefined
  const name = value.replace(/[:,].*/s, "")
  const type = name.slice(name.indexOf("#") + 1).trim()
  return type === "" ? undefined : type
}

// -----------------------------------------------------------------------------
// redirects
// -----------------------------------------------------------------------------

/**
 * Whether a status is a redirect. `fetch` shows a redirect that it must not follow as the status 0.
 *
 * @category redirects
 * @since 0.1.0
 */
export const isRedirectStatus = (status: number): boolean => status === 0 || (status >= 300 && status < 400)

/**
 * Whether a response is a redirect, or comes from a URL that the client did not call. A transport that follows redirects returns
 * such a response. The URL that the client called is that of `response.request`: the request as it was sent, after all mapping.
 *
 * @category redirects
 * @since 0.1.0
 */
export const isRedirect = (response: HttpClientResponse.HttpClientResponse): boolean => {
  if (isRedirectStatus(response.status)) return true
  const { request, url } = response
  // The usual response, without parsing any URL.
  if (url === "" || (url === request.url && request.urlParams.params.length === 0)) return false
  const asked = HttpClientRequest.toUrl(request)
  if (Option.isNone(asked)) return false
  asked.value.hash = ""
  // A caller's own `fetch` may spell the URL in another way.
  return !URL.canParse(url) || new URL(url).href !== asked.value.href
}

// -----------------------------------------------------------------------------
// bodies
// -----------------------------------------------------------------------------

/**
 * A body, as far as it was read.
 *
 * @category bodies
 * @since 0.1.0
 */
export interface Body {
  /** The bytes of the body, as many as the cap allows. */
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Whether the body is longer than the cap. The rest was not read. */
  readonly tooLarge: boolean
}

/**
 * Reads a body up to `maxBytes`. It stops at the chunk that crosses this cap.
 *
 * A chunk may be bytes, also those of another realm (jsdom), or a string, as some mocks stream it. Any other chunk is a defect, a
 * `TypeError`.
 *
 * @category bodies
 * @since 0.1.0
 */
export const readBody = <E, R>(body: Stream.Stream<Uint8Array, E, R>, maxBytes: number): Effect.Effect<Body, E, R> =>
  // Pulled by hand: a loop of Effect would compile fifty more functions at a cold start, and add 0.2 kB to a compressed bundle.
  Effect.suspend(() => {
    const into = Collect.make(maxBytes)
    const scope = Scope.makeUnsafe()
    const readAll = (pull: Pull.Pull<ReadonlyArray<Uint8Array>, E, void, R>): Pull.Pull<void, E, void, R> =>
      Effect.flatMap(pull, (chunks) => chunks.every(into.add) ? readAll(pull) : Effect.void)
    return Effect.flatMap(Channel.toPullScoped(body.channel, scope), readAll).pipe(
      Pull.catchDone(() => Effect.void),
      Effect.onExit((exit) => Scope.close(scope, exit)),
      Effect.map(into.body)
    )
  })

const decoder = new TextDecoder("utf-8", { fatal: true })

/**
 * Whether the bytes are UTF-8. Compressed bytes are not, and no bytes are.
 *
 * @category bodies
 * @since 0.1.0
 */
export const isText = (bytes: Uint8Array): boolean => {
  try {
    decoder.decode(bytes)
    return true
  } catch {
    return false
  }
}

/**
 * The members of a body that is a JSON object in UTF-8. The result is `undefined` for any other body.
 *
 * @category bodies
 * @since 0.1.0
 */
export const jsonObject = (body: Uint8Array | string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const json: unknown = JSON.parse(typeof body === "string" ? body : decoder.decode(body))
    return Predicate.isObject(json) ? json : undefined
  } catch {
    return undefined
  }
}

/**
 * The members of a body, without those whose value means "absent". By default, that value is `null`.
 *
 * @category bodies
 * @since 0.1.0
 */
export const present = (
  members: Readonly<Record<string, unknown>>,
  absent: ReadonlyArray<unknown> = [null]
): Readonly<Record<string, unknown>> =>
  // `Object.fromEntries` defines own members, so that `__proto__` is a member like any other.
  Object.fromEntries(Object.entries(members).filter(([, value]) => !absent.includes(value)))

// -----------------------------------------------------------------------------
// failures
// -----------------------------------------------------------------------------

/**
 * Reads a member of a value that the platform threw. If a getter throws, the member is absent.
 *
 * @category failures
 * @since 0.1.0
 */
export const memberOf = (value: unknown, key: string): unknown => {
  try {
    return Predicate.hasProperty(value, key) ? value[key] : undefined
  } catch {
    return undefined
  }
}

/**
 * Reads a text that names a failure, such as its `code`, from the value or else from its `cause`. `fetch` wraps the platform's
 * error in a `TypeError`, so that the name is one level down. An empty text is absent.
 *
 * @category failures
 * @since 0.1.0
 */
export const nameIn = (value: unknown, key: "code" | "name" | "syscall"): string | undefined => {
  for (const at of [value, memberOf(value, "cause")]) {
    const name = memberOf(at, key)
    if (typeof name === "string" && name !== "") return name
  }
  return undefined
}

// -----------------------------------------------------------------------------
// secrets
// -----------------------------------------------------------------------------

/**
 * The forms of a secret that a response may contain.
 *
 * @category secrets
 * @since 0.1.0
 */
export interface Forms {
  /** The secret as it is, escaped for JSON, and escaped for a URL. */
  readonly written: ReadonlyArray<string>
  /** The secret in base64 at each of the three offsets, without padding and without digits that depend on the bytes before it. */
  readonly base64: ReadonlyArray<string>
  /** The secret in hex digits, in lower case. */
  readonly hex: string
}

/**
 * All forms of a secret that a response may contain.
 *
 * @category secrets
 * @since 0.1.0
 */
export const formsOf = (secret: string): Forms => ({
  written: writtenFormsOf(secret),
  base64: [Base64.encode(secret), Base64.encode(` ${secret}`).slice(2), Base64.encode(`  ${secret}`).slice(3)].map(
    (form) => form.replace(/=+$/, "")
  ),
  hex: Array.from(new TextEncoder().encode(secret), (byte) => byte.toString(16).padStart(2, "0")).join("")
})

/**
 * The `written` forms of a secret, which take less time to build than all of {@link formsOf}.
 *
 * @category secrets
 * @since 0.1.0
 */
export const writtenFormsOf = (secret: string): ReadonlyArray<string> => [
  secret,
  JSON.stringify(secret).slice(1, -1),
  encodeURIComponent(secret.toWellFormed())
]

// -----------------------------------------------------------------------------
// spans
// -----------------------------------------------------------------------------

/**
 * Runs an effect in a span that keeps no result. A span normally keeps the result of its effect, and a tracer may show it. This
 * span keeps a function instead, so that no code, URL or token can be read from it.
 *
 * A failure ends the span as an error, unless `isExpected` returns `true`. `isExpected` is called once, and may add an attribute
 * to the span.
 *
 * @category spans
 * @since 0.1.0
 */
export const useSpan = <A, E, R>(
  name: string,
  options: Tracer.SpanOptionsNoTrace,
  use: (span: Tracer.Span) => Effect.Effect<A, E, R>,
  isExpected: (error: E, span: Tracer.Span) => boolean = () => false
): Effect.Effect<A, E, R> =>
  Effect.useSpan(name, options, (span) =>
    use(span).pipe(
      Effect.map((value) => () => Effect.succeed(value)),
      Effect.catch((error) => isExpected(error, span) ? Effect.succeed(() => Effect.fail(error)) : Effect.fail(error)),
      Effect.withParentSpan(span, { captureStackTrace: false })
    )).pipe(Effect.flatMap((outcome) => outcome()))

/**
 * Runs an effect in a span that keeps no result, without attributes of its own.
 *
 * @category spans
 * @since 0.1.0
 */
export const withSpan = (name: string) => <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  // Not by `useSpan`: a login keeps its span while it sleeps, so this one has few frames, and one context without a stack frame.
  Effect.map(
    Effect.useSpan(name, (span) => Effect.provideService(Effect.map(effect, hide), Tracer.ParentSpan, span)),
    show
  )

const hide = <A>(result: A) => () => result

const show = <A>(result: () => A) => result()

// -----------------------------------------------------------------------------
// texts
// -----------------------------------------------------------------------------

// The ranges are written out, because some engines do not know Unicode's property names, such as Hermes of React Native. A test
// compares them with the properties: control, format, line or paragraph separator, default-ignorable, unpaired surrogate. The
// blank of Braille (U+2800) has none of these properties, but it is invisible too.
const unseen =
  // oxlint-disable-next-line no-control-regex, no-misleading-character-class -- the pattern has to find them
  /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\u{110bd}\u{110cd}\u{13430}-\u{1343f}\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]+/gu

/**
 * Whether the text has no invisible character. A terminal would obey a control character. A character that shows nothing, or that
 * reorders the text around it, would deceive a person.
 *
 * @category texts
 * @since 0.1.0
 */
export const isPrintable = (text: string): boolean => text.search(unseen) < 0

/**
 * The text as one word of a POSIX shell, in single quotes where it needs them. The shell gives it back byte for byte.
 *
 * @category texts
 * @since 0.1.0
 */
export const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`

/**
 * The text with a full stop at its end, unless it ends with a mark already.
 *
 * @category texts
 * @since 0.1.0
 */
export const sentence = (text: string): string => {
  const trimmed = text.trim()
  // The dots of an ellipsis are written as an escape. One such character in a bundle makes its source two bytes wide, which V8 reads slower.
  return /[.!?\u2026]$/.test(trimmed) ? trimmed : `${trimmed}.`
}

/**
 * The facts that an error sentence adds in parentheses: `(SlowDownException, HTTP 400, request 7b5e…)`. Absent facts are left
 * out.
 *
 * @category texts
 * @since 0.1.0
 */
export const facts = (
  { requestId }: {
    /** The request id. Absent if there is none. */
    readonly requestId?: string | undefined
  },
  ...facts: ReadonlyArray<string | number | undefined>
): string => `(${[...facts, requestId && `request ${requestId}`].filter(Boolean).join(", ")})`

const maxLength = 1024

/**
 * The text as one line of at most 1,024 characters. A space replaces each run of characters that {@link isPrintable} refuses. A
 * cut never splits a character of two UTF-16 units.
 *
 * @category texts
 * @since 0.1.0
 */
export const printable = (text: string): string => {
  const line = text.replace(unseen, " ").trim()
  if (line.length <= maxLength) return line
  const cut = line.slice(0, maxLength - 1)
  return `${/[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut}…`
}

/**
 * A text of several lines as one line, made {@link printable}. Each run of white space becomes one space.
 *
 * It is for the message of a schema's error. Such a message names members and what they should be, never their values.
 *
 * @category texts
 * @since 0.1.0
 */
export const oneLine = (text: string): string => printable(text.replace(/\s+/g, " "))
