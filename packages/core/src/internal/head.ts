/**
 * Reads the headers of a response.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"

type Response = HttpClientResponse.HttpClientResponse

// A caller's own `fetch` may return a number as a header.
const header = (response: Response, name: string): string | undefined => {
  const value: unknown = response.headers[name]
  return typeof value === "number" ? String(value) : typeof value === "string" ? value : undefined
}

/** The request id, which AWS support asks for. The headers are tried in the order of AWS's own clients. */
export const requestId = (response: Response): string | undefined =>
  header(response, "x-amzn-requestid") || header(response, "x-amzn-request-id") ||
  header(response, "x-amz-request-id") ||
  header(response, "requestid")

/** The header that names the type of an error. It takes precedence over the body. */
export const errorType = (response: Response): string | undefined => header(response, "x-amzn-errortype")

export const contentType = (response: Response): string | undefined => header(response, "content-type")

/** The length that the response announces. */
export const contentLength = (response: Response): number | undefined => {
  const length = header(response, "content-length")
  return length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined
}

/** Whether the headers name a content encoding. `fetch` keeps the header, so that only the body shows whether it was decoded. */
export const isEncoded = (response: Response): boolean => {
  const encoding = header(response, "content-encoding")?.trim().toLowerCase()
  return encoding !== undefined && encoding !== "" && encoding !== "identity"
}

// The three date formats of RFC 9110 section 5.6.7, all in UTC. Effect's parser would add 1.6 kB to a compressed bundle. A test
// compares the two.
const httpDate =
  /^(?:[a-z]{3}, \d\d [a-z]{3} \d{4} \d\d:\d\d:\d\d GMT|[a-z]{6,9}, \d\d-[a-z]{3}-\d\d \d\d:\d\d:\d\d GMT|[a-z]{3} [a-z]{3} [ \d]\d \d\d:\d\d:\d\d \d{4})$/i

const parseDate = (header: string | undefined): number => {
  const text = header?.trim() ?? ""
  if (!httpDate.test(text)) return Number.NaN
  const millis = Date.parse(/gmt$/i.test(text) ? text : `${text} GMT`)
  // `Date.parse` reads 31 February as a day in March.
  return new Date(millis).getUTCDate() === Number(/\d+/.exec(text)) ? millis : Number.NaN
}

/**
 * The seconds that the response asks to wait. A malformed or past value is absent.
 *
 * A date counts from the response's own `Date`, so that a wrong clock of this machine does not matter. Without a `Date`, it
 * counts from the Clock.
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
