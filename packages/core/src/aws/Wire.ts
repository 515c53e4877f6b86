/**
 * What the packages of this project share about the wire of AWS's services.
 *
 * **Unstable.** A minor release may change anything here. Use it to write another service or another transport, not in an
 * application.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"

// -----------------------------------------------------------------------------
// busy
// -----------------------------------------------------------------------------

/**
 * The error types that AWS's clients class as throttling or as transient, whatever the status of the response.
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
 * Whether a status alone says that the service, or a proxy before it, cannot respond now: 408, 429, or 500 and above.
 *
 * @category busy
 * @since 0.1.0
 */
export const isBusyStatus = (status: number): boolean => status === 408 || status === 429 || status >= 500

/**
 * Whether an error means "not now": its status is busy, or it is a 4xx whose error type AWS's clients class as throttling
 * or transient.
 *
 * It reads the error's members, so that it also understands an error that crossed a process. Two kinds are never busy. A
 * `TransportError` says by itself whether it is transient. A response from another URL than the one asked is no reason to
 * send again, whatever its status.
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
 * The error type that a header or a member of a body names, if it does. As restJson1 says, it is cut at the first `:`, and what
 * follows `#` is kept. A header that came twice is joined with a comma, where it is cut too.
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
// texts
// -----------------------------------------------------------------------------

// Written out, since not every engine knows Unicode's property names (Hermes of React Native does not). A test compares the
// ranges with the properties: control, format, separator of lines or paragraphs, default-ignorable, unpaired surrogate. The
// blank of Braille (U+2800) is none of them, but shows nothing either.
const unseen =
  // oxlint-disable-next-line no-control-regex, no-misleading-character-class -- to find them is what it is for
  /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\u{110bd}\u{110cd}\u{13430}-\u{1343f}\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/u

const unseenRuns = /* @__PURE__ */ new RegExp(`${unseen.source}+`, "gu")

/**
 * Whether each character of the text can be seen for what it is. A terminal would obey a control character, and a person
 * would be deceived by one that shows nothing or that reorders the text around it.
 *
 * @category texts
 * @since 0.1.0
 */
export const isPrintable = (text: string): boolean => !unseen.test(text)

const maxLength = 1024

/**
 * The text as one line of at most 1,024 characters, with a space in place of what {@link isPrintable} refuses. It never cuts
 * a character of two UTF-16 units in half.
 *
 * @category texts
 * @since 0.1.0
 */
export const printable = (text: string): string => {
  const line = text.replace(unseenRuns, " ").trim()
  if (line.length <= maxLength) return line
  const cut = line.slice(0, maxLength - 1)
  return `${/[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut}…`
}
