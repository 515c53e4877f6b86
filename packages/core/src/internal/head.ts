/**
 * Reads the headers of a response.
 */

/** The headers of a response by their names in lower case. A caller's own `fetch` may return anything as a header. */
export type Headers = Readonly<Record<string, unknown>>

export const header = (headers: Headers, name: string): string | undefined => {
  const value = headers[name]
  return typeof value === "number" ? String(value) : typeof value === "string" ? value : undefined
}

/** The request id, which AWS support asks for. The headers are tried in the order of AWS's own clients. */
export const requestId = (headers: Headers): string | undefined =>
  ["x-amzn-requestid", "x-amzn-request-id", "x-amz-request-id", "requestid"].map((name) => header(headers, name)).find(
    Boolean
  )

/** The length that the response announces. */
export const contentLength = (headers: Headers): number | undefined => {
  const length = header(headers, "content-length")
  return length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined
}

/** Whether the headers name a content encoding. `fetch` keeps the header, so that only the body shows whether it was decoded. */
export const isEncoded = (headers: Headers): boolean =>
  !/^(?:identity)?$/i.test(header(headers, "content-encoding")?.trim() ?? "")

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

/** The `Date` of the response, in milliseconds since 1970. `NaN` without one. */
export const date = (headers: Headers): number => parseDate(header(headers, "date"))

/**
 * The seconds that the response asks to wait. A malformed or past value is absent.
 *
 * A date counts from the response's own `Date`, so that a wrong clock of this machine does not matter. Without a `Date`, it
 * counts from `now`, in milliseconds since 1970.
 */
export const retryAfter = (headers: Headers, now: () => number): number | undefined => {
  const given = header(headers, "retry-after")?.trim()
  if (given === undefined) return undefined
  const sent = date(headers)
  const seconds = /^\d+$/.test(given)
    ? Number(given)
    : (parseDate(given) - (Number.isNaN(sent) ? now() : sent)) / 1000
  return seconds > 0 && Number.isFinite(seconds) ? seconds : undefined
}
