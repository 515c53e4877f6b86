/**
 * Signs a request with AWS's Signature Version 4.
 */
import type * as Operation from "@sso-oidc/core/aws/Operation"
import * as UserFunction from "@sso-oidc/core/aws/UserFunction"
import { AwsV4Signer } from "aws4fetch"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Option from "effect/Option"
import * as Credentials from "../Credentials.ts"
import * as IamError from "../IamError.ts"
import * as Check from "./check.ts"

const hex = (bytes: ArrayBuffer): string =>
  Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("")

/** The time of a signature, as `x-amz-date` has it: without separators and milliseconds. */
const dateOf = (millis: number): string => new Date(millis).toISOString().replace(/[-:]|\.\d+/g, "")

const bytesOf = ({ body }: HttpClientRequest.HttpClientRequest): Uint8Array<ArrayBuffer> =>
  new Uint8Array(body._tag === "Uint8Array" ? body.body : [])

/**
 * The headers of the signature. Signed are the method, the path, the query, the host, the type and the bytes of the body. A transport may add
 * other headers, and a browser replaces `user-agent`.
 */
const headersOf = async (
  request: HttpClientRequest.HttpClientRequest,
  url: URL,
  { region, signingName }: Operation.SigningScope,
  keys: Check.Keys,
  millis: number
): Promise<Readonly<Record<string, string>>> => {
  const body = bytesOf(request)
  const signer = new AwsV4Signer({
    ...keys,
    method: request.method,
    url: url.href,
    headers: {
      "content-type": request.headers["content-type"] ?? "application/json",
      // the SDK sends this header too, and the signer takes the hash from it
      "x-amz-content-sha256": hex(await crypto.subtle.digest("SHA-256", body))
    },
    body,
    region,
    service: signingName,
    datetime: dateOf(millis),
    allHeaders: true
  })
  const { headers } = await signer.sign()
  return Object.fromEntries(headers)
}

const unable = (problem: IamError.Problem, detail: string) => new IamError.CredentialsError({ problem, detail })

/** How long a service `Credentials` of the program may take. The client's time limit begins when the request is sent. */
const longest = Duration.seconds(60)

const late = () =>
  Effect.fail(new IamError.CredentialsError({ problem: "provider", detail: "It took longer than 60 seconds" }))

/** Signs a request with the identity that `Credentials` gives now, at the time of Effect's clock. */
export const authenticate = (
  request: HttpClientRequest.HttpClientRequest,
  scope: Operation.SigningScope
): Effect.Effect<HttpClientRequest.HttpClientRequest, IamError.CredentialsError, Credentials.Credentials> =>
  Effect.gen(function*() {
    const credentials = yield* Credentials.Credentials
    const identity = yield* Effect.timeoutOrElse(UserFunction.effectOf("Credentials.get", credentials.get), {
      duration: longest,
      orElse: late
    })
    const keys = yield* Effect.fromResult(Check.keysOf(identity))
    scope.secrets.push(keys.secretAccessKey, ...(keys.sessionToken === undefined ? [] : [keys.sessionToken]))
    const millis = yield* Clock.currentTimeMillis
    if (globalThis.crypto?.subtle === undefined) {
      return yield* unable("platform", "It has no WebCrypto")
    }
    const url = HttpClientRequest.toUrl(request)
    // A request without a signature is never sent.
    if (Option.isNone(url)) return yield* unable("malformed", "The URL of the request cannot be read")
    const headers = yield* Effect.tryPromise({
      try: () => headersOf(request, url.value, scope, keys, millis),
      // An error of the platform may hold the value that it refused. So none of it is kept.
      catch: () => unable("malformed", "The request could not be signed")
    })
    // With it, anyone may send the same request for 5 minutes.
    const signature = /Signature=(\w+)/.exec(headers["authorization"] ?? "")?.[1]
    if (signature !== undefined) scope.secrets.push(signature)
    return HttpClientRequest.setHeaders(request, headers)
  })
