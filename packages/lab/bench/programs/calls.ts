/**
 * Calls CreateToken in memory, and prints what one call takes of the processor, in microseconds.
 *
 *     calls PEER OUTCOME LENGTH CALLS
 *
 * No network is involved: each peer gets a transport that responds from memory, with the same bytes and headers. `PEER` is `ours`,
 * `official` or `hand`, or one of the layers below ours. `OUTCOME` is `success` or `pending`. `LENGTH` is that of the client secret.
 * The process first makes three times as many calls as it measures, so that the code is compiled.
 */
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Effect from "effect/Effect"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { BytesResponse } from "./inMemory.ts"

const [peer = "", outcome = "", length = "", count = ""] = process.argv.slice(2)

// -----------------------------------------------------------------------------
// what is called
// -----------------------------------------------------------------------------

const isSuccess = outcome === "success"
const status = isSuccess ? 200 : 400
const headers: Readonly<Record<string, string>> = {
  "content-type": "application/json",
  "x-amzn-requestid": "7b5e2f0a-93c1-4d6e-8a2b-1c3d5e7f9a0b",
  ...(isSuccess ? {} : { "x-amzn-errortype": "AuthorizationPendingException" })
}
const bytes = new TextEncoder().encode(JSON.stringify(
  isSuccess
    ? { accessToken: "a".repeat(900), tokenType: "Bearer", expiresIn: 28_800, refreshToken: "r".repeat(900) }
    : { error: "authorization_pending", error_description: "The authorization request is still pending" }
))
const respond = (): Response => new Response(bytes, { status, headers })

const plain = {
  clientId: "c1ientId0123456789",
  clientSecret: "eyJraWQiOiJrZXktMTU2NDAyODA5OSIsImFsZyI6IkhTMzg0In0."
    .repeat(1 + Number(length) / 52).slice(0, Number(length)),
  grantType: CreateToken.deviceCodeGrantType,
  deviceCode: "d3vice-c0de_".repeat(8)
} as const
const request: CreateToken.Request = {
  ...plain,
  clientSecret: Redacted.make(plain.clientSecret),
  deviceCode: Redacted.make(plain.deviceCode)
}
const url = "https://oidc.eu-west-1.amazonaws.com/token"

/** The access token or the OAuth error of a response. */
const told = (json: unknown): unknown => Object(json)[isSuccess ? "accessToken" : "error"]

// -----------------------------------------------------------------------------
// who calls
// -----------------------------------------------------------------------------

const memory = HttpClient.make((request, url) =>
  Effect.sync(() => new BytesResponse(request, url, status, headers, bytes))
)

const client = await Effect.runPromise(
  SsoOidc.make({ region: "eu-west-1" }).pipe(Effect.provideService(HttpClient.HttpClient, memory))
)
const ours = client.createToken(request).pipe(
  Effect.map((token) => Redacted.value(token.accessToken)),
  Effect.catchTag("AuthorizationPendingException", ({ error }) => Effect.succeed(error))
)

// Effect alone, and one layer more in each.
const send = (body: unknown) =>
  Effect.flatMap(
    memory.execute(
      HttpClientRequest.make("POST")(url, { headers: { "user-agent": "bench" }, body: HttpBody.jsonUnsafe(body) })
    ),
    (response) => response.json
  ).pipe(Effect.provideService(HttpClient.TracerDisabledWhen, () => true))
const bare = Effect.suspend(() => send(plain))
const coded = Effect.suspend(() =>
  Effect.flatMap(Schema.encodeEffect(CreateToken.Request)(request), send).pipe(
    Effect.tap((json) => isSuccess ? Schema.decodeUnknownEffect(CreateToken.Response)(json) : Effect.void)
  )
)
const limited = Effect.timeoutOrElse(coded, { duration: "30 seconds", orElse: () => Effect.die("too late") })
const spanned = Wire.useSpan("CreateToken", {
  kind: "client",
  attributes: { "rpc.system": "aws-api", "rpc.service": "SSO OIDC", "rpc.method": "CreateToken", "cloud.region": "x" }
}, () => limited)

// Only the process that measures the official client loads it.
const officialCaller = async (): Promise<() => Promise<unknown>> => {
  const { CreateTokenCommand, SSOOIDCClient } = await import("@aws-sdk/client-sso-oidc")
  const official = new SSOOIDCClient({
    region: "eu-west-1",
    requestHandler: {
      handle: () => Promise.resolve({ response: { statusCode: status, headers: { ...headers }, body: bytes } })
    }
  })
  return () => official.send(new CreateTokenCommand(plain)).then(told, told)
}

const byHand = async () => {
  const response = await Promise.resolve(respond())
  const body = JSON.stringify(plain)
  const json: unknown = await response.json()
  return body === "" ? body : told(json)
}

const callers: Readonly<Record<string, () => Promise<unknown>>> = {
  ours: () => Effect.runPromise(ours),
  hand: byHand,
  bare: () => Effect.runPromise(Effect.map(bare, told)),
  coded: () => Effect.runPromise(Effect.map(coded, told)),
  limited: () => Effect.runPromise(Effect.map(limited, told)),
  spanned: () => Effect.runPromise(Effect.map(spanned, told))
}

// -----------------------------------------------------------------------------
// measurement
// -----------------------------------------------------------------------------

const call = peer === "official" ? await officialCaller() : callers[peer]
if (call === undefined) throw new RangeError(`no peer has the name ${peer}`)
const seen = await call()
if (seen !== (isSuccess ? "a".repeat(900) : "authorization_pending")) throw new Error(`${peer} got ${String(seen)}`)

const run = async (times: number): Promise<number> => {
  const begun = process.cpuUsage()
  for (let n = 0; n < times; n++) await call()
  const { system, user } = process.cpuUsage(begun)
  return (system + user) / times
}
await run(3 * Number(count))
console.log(JSON.stringify(await run(Number(count))))
