/**
 * Calls CreateToken in memory, and prints what one call takes of the processor, in microseconds.
 *
 *     calls PEER CASE LENGTH CALLS
 *
 * No network is involved: each peer gets a transport that answers from memory, with the same text and the same headers. The first
 * half of the calls warms up.
 */
import { CreateTokenCommand, SSOOIDCClient } from "@aws-sdk/client-sso-oidc"
import * as Members from "@sso-oidc/core/aws/Members"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import { AuthorizationPendingException } from "@sso-oidc/core/SsoOidcError"
import * as Effect from "effect/Effect"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

const [peer = "", outcome = "", length = "", count = ""] = process.argv.slice(2)

// -----------------------------------------------------------------------------
// what is called
// -----------------------------------------------------------------------------

const status = outcome === "success" ? 200 : 400
const headers = {
  "content-type": "application/json",
  "x-amzn-requestid": "7b5e2f0a-93c1-4d6e-8a2b-1c3d5e7f9a0b",
  ...(status === 400 ? { "x-amzn-errortype": "AuthorizationPendingException" } : {})
}
const text = JSON.stringify(
  status === 200
    ? { accessToken: "a".repeat(900), tokenType: "Bearer", expiresIn: 28_800, refreshToken: "r".repeat(900) }
    : { error: "authorization_pending", error_description: "The authorization request is still pending" }
)
const bytes = new TextEncoder().encode(text)

const clientSecret = "eyJraWQiOiJrZXktMTU2NDAyODA5OSIsImFsZyI6IkhTMzg0In0."
  .repeat(1 + Number(length) / 52).slice(0, Number(length))
const plain = {
  clientId: "c1ientId0123456789",
  clientSecret,
  grantType: CreateToken.deviceCodeGrantType,
  deviceCode: "d3vice-c0de_".repeat(8)
} as const
const request: CreateToken.Request = {
  ...plain,
  clientSecret: Redacted.make(plain.clientSecret),
  deviceCode: Redacted.make(plain.deviceCode)
}

// -----------------------------------------------------------------------------
// who calls
// -----------------------------------------------------------------------------

/** Calls once, and gives the access token or the name of the error. */
type Call = () => Promise<string>

const memory = HttpClient.make((request) =>
  Effect.sync(() => HttpClientResponse.fromWeb(request, new Response(bytes, { status, headers })))
)

const url = "https://oidc.eu-west-1.amazonaws.com/token"
const post = () =>
  HttpClientRequest.make("POST")(url, {
    headers: { "user-agent": "bench" },
    body: HttpBody.jsonUnsafe(plain)
  })
const bare = Effect.suspend(() => Effect.flatMap(memory.execute(post()), (response) => response.json))
const decode = Schema.decodeUnknownEffect(CreateToken.Response)
const encode = Schema.encodeEffect(CreateToken.Request)

const named = (json: unknown): string => {
  const value: unknown = Object(json)[status === 200 ? "accessToken" : "error"]
  return typeof value === "string" ? value : ""
}

const quiet = { parent: undefined }
void quiet
void Wire
void Members
void AuthorizationPendingException

const client = Effect.runSync(
  SsoOidc.make({ region: "eu-west-1" }).pipe(Effect.provideService(HttpClient.HttpClient, memory))
)
const ours = client.createToken(request).pipe(
  Effect.map((token) => Redacted.value(token.accessToken)),
  Effect.catchTag("AuthorizationPendingException", (error) => Effect.succeed(error.error))
)

const official = new SSOOIDCClient({
  region: "eu-west-1",
  requestHandler: {
    handle: () => Promise.resolve({ response: { statusCode: status, headers: { ...headers }, body: bytes } })
  }
})

const fetchInMemory = (_url: string, _init: RequestInit): Promise<Response> =>
  Promise.resolve(new Response(bytes, { status, headers }))

const calls: Readonly<Record<string, Call>> = {
  ours: () => Effect.runPromise(ours),
  official: () =>
    official.send(new CreateTokenCommand(plain)).then(
      ({ accessToken = "" }) => accessToken,
      (error: unknown) => named(error)
    ),
  hand: async () => {
    const response = await fetchInMemory(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(plain)
    })
    const json: unknown = await response.json()
    return named(json)
  },
  effect: () => Effect.runPromise(Effect.map(bare, named)),
  schema: () =>
    Effect.runPromise(
      Effect.flatMap(encode(request), () =>
        Effect.flatMap(bare, (json) => status === 200 ? Effect.map(decode(json), () => "") : Effect.succeed("")))
    )
}

// -----------------------------------------------------------------------------
// measurement
// -----------------------------------------------------------------------------

const call = calls[peer]
if (call === undefined) throw new RangeError(`no such peer: ${peer}`)
console.error(await call())

const run = async (times: number): Promise<number> => {
  const begun = process.cpuUsage()
  for (let n = 0; n < times; n++) await call()
  const { system, user } = process.cpuUsage(begun)
  return (system + user) / times
}
await run(Number(count))
console.log(JSON.stringify(await run(Number(count))))
