/**
 * Verifies AWS's Signature Version 4.
 *
 * It shares no code with the signer of `@sso-oidc/iam`, so that one of them finds the mistakes of the other. The published cases of the
 * signature are its fixture.
 *
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
import * as IamError from "@sso-oidc/iam/IamError"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Application from "../../Application.ts"

/** A request as it arrived. */
export interface Signed {
  readonly method: string
  /** The path as it was sent, with its escapes. */
  readonly path: string
  /** The query as it was sent, with its escapes and without the `?`. */
  readonly query: string
  /** The headers, with their names in lower case. The values of a name that came twice are joined by a comma. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

export interface Scope {
  /** `undefined` accepts any region. */
  readonly region: string | undefined
  readonly signingName: string
}

export type Refused = IamError.CredentialsError | IamError.ClockSkewed

const encoder = new TextEncoder()

const hex = (bytes: ArrayBuffer): string =>
  Array.from(new Uint8Array(bytes), (n) => n.toString(16).padStart(2, "0")).join("")

const sha256 = async (data: Uint8Array): Promise<string> =>
  hex(await crypto.subtle.digest("SHA-256", new Uint8Array(data)))

const hmac = async (key: BufferSource, text: string): Promise<ArrayBuffer> =>
  crypto.subtle.sign(
    "HMAC",
    await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]),
    encoder.encode(text)
  )

/** RFC 3986 leaves fewer characters than `encodeURIComponent`. */
const escaped = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

const unescaped = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Each segment is escaped once more, as every service but S3 does. */
const pathOf = (path: string): string => {
  const segments: Array<string> = []
  for (const segment of path.split("/")) {
    if (segment === "..") segments.pop()
    else if (segment !== "" && segment !== ".") segments.push(escaped(segment))
  }
  const isFolder = /\/\.{0,2}$/.test(path) && segments.length > 0
  return `/${segments.join("/")}${isFolder ? "/" : ""}`
}

const queryOf = (query: string): string =>
  query.split("&").filter((part) => part !== "").map((part) => {
    const [name = "", ...value] = part.split("=")
    return [escaped(unescaped(name)), escaped(unescaped(value.join("=")))] as const
  }).sort(([a, b], [c, d]) => a < c ? -1 : a > c ? 1 : b < d ? -1 : b > d ? 1 : 0)
    .map((pair) => pair.join("=")).join("&")

const lineOf = (value: string): string => value.trim().replace(/ +/g, " ")

/** The signature that the request should have. */
export const signatureOf = async (
  { body, headers, method, path, query }: Signed,
  { date, names, region, secret, signingName, time }: {
    readonly secret: string
    readonly names: ReadonlyArray<string>
    readonly date: string
    readonly time: string
    readonly region: string
    readonly signingName: string
  }
): Promise<string> => {
  const canonical = [
    method,
    pathOf(path),
    queryOf(query),
    ...names.map((name) => `${name}:${lineOf(headers[name] ?? "")}`),
    "",
    names.join(";"),
    await sha256(body)
  ].join("\n")
  const scope = `${date}/${region}/${signingName}/aws4_request`
  const text = ["AWS4-HMAC-SHA256", time, scope, await sha256(encoder.encode(canonical))].join("\n")
  let key: BufferSource = encoder.encode(`AWS4${secret}`)
  for (const part of scope.split("/")) key = await hmac(key, part)
  return hex(await hmac(key, text))
}

// -----------------------------------------------------------------------------
// error responses
// -----------------------------------------------------------------------------

const refused = (problem: IamError.Problem, code: string, detail: string) =>
  Result.fail(new IamError.CredentialsError({ problem, code, status: 403, detail }))

const invalid = (detail: string) => refused("rejected", "InvalidSignatureException", detail)

/** Accepted differences of the clocks, in milliseconds. */
const tolerance = 5 * 60 * 1000

const written = (millis: number): string => new Date(millis).toISOString().replace(/[-:]|\.\d+/g, "")

const timeOf = (text: string): number =>
  /^\d{8}T\d{6}Z$/.test(text)
    ? Date.parse(text.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z"))
    : Number.NaN

const skewed = (time: number, now: number) => {
  const isLate = time < now
  const limit = now + (isLate ? -tolerance : tolerance)
  return Result.fail(
    new IamError.ClockSkewed({
      skewMillis: time - now,
      code: "InvalidSignatureException",
      status: 403,
      detail: `Signature ${isLate ? "expired" : "not yet current"}: ${written(time)} is ${
        isLate ? "now earlier" : "still later"
      } than ${written(limit)} (${written(now)} ${isLate ? "-" : "+"} 5 min.)`
    })
  )
}

const form =
  /^AWS4-HMAC-SHA256 +Credential=([^/,\s]+)\/(\d{8})\/([^/,\s]+)\/([^/,\s]+)\/aws4_request *, *SignedHeaders=([a-z0-9;_-]+) *, *Signature=([0-9a-f]{64})$/

interface Parsed {
  readonly key: Application.AccessKey
  readonly names: ReadonlyArray<string>
  readonly signature: string
  readonly date: string
  readonly time: string
  readonly region: string
  readonly signingName: string
}

/** Everything but the signature itself. */
const parse = (
  { headers }: Signed,
  scope: Scope,
  keyOf: (accessKeyId: string) => Application.AccessKey | undefined,
  now: number
): Result.Result<Parsed, Refused> => {
  const header = headers["authorization"]
  if (header === undefined) {
    return refused("rejected", "MissingAuthenticationTokenException", "Missing Authentication Token")
  }
  const [, accessKeyId = "", date = "", region = "", signingName = "", list = "", signature = ""] = form.exec(header) ??
    []
  if (signature === "") {
    return refused(
      "rejected",
      "IncompleteSignatureException",
      "The header authorization must have Credential, SignedHeaders and Signature of AWS4-HMAC-SHA256"
    )
  }
  const names = list.split(";")
  if (names.some((name, at) => name <= (names[at - 1] ?? ""))) {
    return invalid("SignedHeaders must be sorted, with each name once")
  }
  const absent = names.find((name) => !Object.hasOwn(headers, name))
  if (absent !== undefined) return invalid(`The signed header ${absent} is absent`)
  const unsigned = Object.keys(headers).find((name) =>
    (name.startsWith("x-amz-") || name === "content-type") && !names.includes(name)
  )
  if (!names.includes("host") || unsigned !== undefined) {
    return invalid(`The header ${unsigned ?? "host"} must be signed`)
  }
  const time = headers["x-amz-date"] ?? ""
  const millis = timeOf(time)
  if (Number.isNaN(millis)) {
    return refused(
      "rejected",
      "IncompleteSignatureException",
      "The header x-amz-date must be a time, as 20261124T000000Z"
    )
  }
  const key = keyOf(accessKeyId)
  const token = key?.sessionToken === undefined ? undefined : Redacted.value(key.sessionToken)
  if (key === undefined || headers["x-amz-security-token"] !== token) {
    return refused("rejected", "UnrecognizedClientException", "The security token included in the request is invalid.")
  }
  if (!time.startsWith(date)) {
    return invalid("Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date")
  }
  if (region !== (scope.region ?? region)) {
    return invalid(`Credential should be scoped to the region ${scope.region}, not ${region}`)
  }
  if (signingName !== scope.signingName) {
    return invalid(`Credential should be scoped to the service ${scope.signingName}, not ${signingName}`)
  }
  if (Math.abs(millis - now) > tolerance) return skewed(millis, now)
  return Result.succeed({ key, names, signature, date, time, region, signingName })
}

/** Verifies a request at a time. Gives its access key. */
export const verify = (
  request: Signed,
  scope: Scope,
  keyOf: (accessKeyId: string) => Application.AccessKey | undefined,
  now: number
): Effect.Effect<Application.AccessKey, Refused> =>
  Effect.gen(function*() {
    const parsed = yield* Effect.fromResult(parse(request, scope, keyOf, now))
    const { key } = parsed
    const hash = request.headers["x-amz-content-sha256"]
    if (hash !== undefined && hash !== (yield* Effect.promise(() => sha256(request.body)))) {
      return yield* Effect.fromResult(invalid("The header x-amz-content-sha256 is not the hash of the body"))
    }
    const expected = yield* Effect.promise(() =>
      signatureOf(request, { ...parsed, secret: Redacted.value(key.secretAccessKey) })
    )
    const result = expected !== parsed.signature
      ? invalid("The request signature we calculated does not match the signature you provided.")
      : key.expiresAt !== undefined && now >= key.expiresAt
      ? refused("expired", "ExpiredTokenException", "The security token included in the request is expired")
      : key.isAllowed === false
      ? refused(
        "denied",
        "AccessDeniedException",
        `The access key ${key.accessKeyId} is not authorized to perform: sso-oauth:CreateTokenWithIAM`
      )
      : Result.succeed(key)
    return yield* Effect.fromResult(result)
  })
