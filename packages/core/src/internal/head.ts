/**
 * What the status line and headers of an answer say.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"

type Response = HttpClientResponse.HttpClientResponse

// a `fetch` of the program's own may give a number as a header
const header = (response: Response, name: string): string | undefined => {
  const value: unknown = response.headers[name]
  return typeof value === "number" ? String(value) : typeof value === "string" ? value : undefined
}

/** The id that AWS support asks for, in the order of AWS's own clients. */
export const requestId = (response: Response): string | undefined =>
  header(response, "x-amzn-requestid") || header(response, "x-amzn-request-id") ||
  header(response, "x-amz-request-id") ||
  header(response, "requestid")

/** The header that names an error's type, before any body member does. */
export const errorType = (response: Response): string | undefined => header(response, "x-amzn-errortype")

export const contentType = (response: Response): string | undefined => header(response, "content-type")

/** What the answer announces as its length, where it does. */
export const contentLength = (response: Response): number | undefined => {
  const length = header(response, "content-length")
  return length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined
}

/** A content encoding is named. Whether the transport undid it shows in the body alone: fetch keeps the header. */
export const isEncoded = (response: Response): boolean => {
  const encoding = header(response, "content-encoding")?.trim().toLowerCase()
  return encoding !== undefined && encoding !== "" && encoding !== "identity"
}

// The three formats of RFC 9110 section 5.6.7, all of them UTC. Effect has a parser of them too, but it adds 1.6 kB to a
// compressed bundle. A test holds the two together.
const httpDate =
  /^(?:[a-z]{3}, \d\d [a-z]{3} \d{4} \d\d:\d\d:\d\d GMT|[a-z]{6,9}, \d\d-[a-z]{3}-\d\d \d\d:\d\d:\d\d GMT|[a-z]{3} [a-z]{3} [ \d]\d \d\d:\d\d:\d\d \d{4})$/i

const parseDate = (header: string | undefined): number => {
  const text = header?.trim() ?? ""
  if (!httpDate.test(text)) return Number.NaN
  const millis = Date.parse(/gmt$/i.test(text) ? text : `${text} GMT`)
  // 31 February would roll over into March
  return new Date(millis).getUTCDate() === Number(/\d+/.exec(text)) ? millis : Number.NaN
}

/**
 * Seconds that the response asks to wait. A date counts from the response's own `Date`, so that a wrong clock here does not
 * matter, and from the Clock where there is none. Malformed or past: absent.
 */
export const retryAfter = (response: Response): Effect.Effect<number | undefined> =>
  Effect.map(Clock.currentTimeMillis, (now) => {
    const given = header(response, "retry-after")?.trim() ?? ""
    const date = parseDate(header(response, "date"))
    const seconds = /^\d+$/.test(given)
      ? Number(given)
      : (parseDate(given) - (Number.isNaN(date) ? now : date)) / 1000
    return seconds > 0 && Number.isFinite(seconds) ? seconds : undefined
  })
