/**
 * What the status line and headers of an answer say.
 */
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Headers from "effect/http/Headers"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Option from "effect/Option"
import * as Result from "effect/Result"

type Response = HttpClientResponse.HttpClientResponse

/** The id that AWS support asks for, in the order of AWS's own clients. */
export const requestId = (response: Response): string | undefined =>
  response.headers["x-amzn-requestid"] || response.headers["x-amzn-request-id"] || response.headers["x-amz-request-id"]

/** The header that names an error's type, before any body member does. */
export const errorType = (response: Response): string | undefined => response.headers["x-amzn-errortype"]

export const contentType = (response: Response): string | undefined => response.headers["content-type"]

/** What the answer announces as its length, where it does. */
export const contentLength = (response: Response): number | undefined => {
  const length = response.headers["content-length"]
  return length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined
}

/** A content encoding is named. Whether the transport undid it shows in the body alone: fetch keeps the header. */
export const isEncoded = (response: Response): boolean => {
  const encoding = response.headers["content-encoding"]?.trim().toLowerCase()
  return encoding !== undefined && encoding !== "" && encoding !== "identity"
}

/**
 * A redirect, or an answer to another request than ours. `response.request` is the request as it was sent, after all
 * mapping, so that a relay stays possible; a status of 0 is how fetch shows a redirect that it was told not to follow.
 */
export const isRedirect = (response: Response): boolean => {
  if (response.status === 0 || (response.status >= 300 && response.status < 400)) return true
  const asked = HttpClientRequest.toUrl(response.request)
  if (Option.isNone(asked) || response.url === "") return false
  asked.value.hash = ""
  return response.url !== asked.value.href
}

/**
 * Seconds that the answer asks to wait. A date counts from the answer's own `Date`, so that a wrong clock here does not
 * matter, and from the Clock where there is none. Malformed or past: absent.
 */
export const retryAfter = (response: Response): Effect.Effect<number | undefined> =>
  Effect.gen(function*() {
    const header = response.headers["retry-after"]
    if (header === undefined) return undefined
    const parsed = Headers.parseRetryAfter(header)
    if (Result.isFailure(parsed)) return undefined
    const date = Headers.parseHttpDate(response.headers["date"] ?? "")
    const now = Result.isSuccess(date) ? DateTime.toEpochMillis(date.success) : yield* Clock.currentTimeMillis
    const seconds = Duration.toSeconds(Headers.retryAfterDelay(parsed.success, now))
    return seconds > 0 && Number.isFinite(seconds) ? seconds : undefined
  })
