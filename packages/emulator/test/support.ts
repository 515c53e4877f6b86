/**
 * Shared by the tests: requests over the wire, and clients with a login.
 */
import { assert } from "@effect/vitest"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import { Emulator } from "@sso-oidc/emulator/Emulator"
import { EmulatorServer } from "@sso-oidc/emulator/EmulatorServer"
import { Effect, Redacted } from "effect"
import { type IncomingHttpHeaders, request as send } from "node:http"

export interface HttpResponse {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

export interface Sent {
  readonly method?: string
  readonly path: string
  readonly headers?: Record<string, string>
  readonly body?: string
}

/** Sends one request over its own connection, with any headers, `Host` included. */
export const exchange = (url: string, sent: Sent): Effect.Effect<HttpResponse, Error> =>
  Effect.callback((resume) => {
    const outgoing = send(`${url}${sent.path}`, {
      agent: false,
      method: sent.method ?? (sent.body === undefined ? "GET" : "POST"),
      headers: { ...sent.headers }
    }, (incoming) => {
      let text = ""
      incoming.setEncoding("utf8")
      incoming.on("data", (chunk) => {
        text += String(chunk)
      })
      incoming.on("end", () => {
        resume(Effect.succeed({ status: incoming.statusCode ?? 0, headers: incoming.headers, text }))
      })
    })
    outgoing.on("error", (error) => resume(Effect.fail(error)))
    outgoing.end(sent.body)
    return Effect.sync(() => outgoing.destroy())
  })

/** Sends one request to the server in the context. */
export const ask = (sent: Sent) => Effect.flatMap(EmulatorServer, ({ url }) => exchange(url, sent))

export const post = (path: string, body: unknown) =>
  ask({ path, body: JSON.stringify(body), headers: { "content-type": "application/json" } })

export const grantType = CreateToken.deviceCodeGrantType

export const registration = { clientName: "a tool", clientType: "public", scopes: ["sso:account:access"] }

export const startUrl = "https://d-1234567890.awsapps.com/start"

/** A client with a device code, ready to poll. */
export const started = Effect.fnUntraced(function*(metadata: Partial<typeof registration> = registration) {
  const emulator = yield* Emulator
  const { clientId, clientSecret } = yield* emulator.registerClient({
    clientName: "a tool",
    clientType: "public",
    ...metadata
  })
  const code = yield* emulator.startDeviceAuthorization({ clientId, clientSecret, startUrl })
  const poll = emulator.createToken({ clientId, clientSecret, grantType, deviceCode: code.deviceCode })
  const refresh = (refreshToken: Redacted.Redacted) =>
    emulator.createToken({ clientId, clientSecret, grantType: "refresh_token", refreshToken })
  return { clientId, clientSecret, code, emulator, poll, refresh }
})

/** A client with its first token. */
export const issued = Effect.fnUntraced(function*(scopes?: ReadonlyArray<string>) {
  const client = yield* started(scopes === undefined ? {} : { scopes: [...scopes] })
  yield* client.emulator.authorizations.approve(client.code.userCode)
  return { ...client, token: yield* client.poll }
})

/** A login whose client has the scope of the portal. */
export const loggedIn = Effect.map(issued(registration.scopes), ({ emulator, refresh, token }) => ({
  accessToken: token.accessToken,
  emulator,
  refresh,
  token
}))

/** The refresh token of a response. */
export const secret = (token: { readonly refreshToken?: Redacted.Redacted }) => {
  assert.isDefined(token.refreshToken)
  return token.refreshToken ?? Redacted.make("")
}

/** The registration of the AWS CLI for the authorization code grant. */
export const redirectUri = "http://127.0.0.1/oauth/callback"
export const issuerUrl = "https://d-1234567890.awsapps.com/start"
export const codeMetadata = {
  clientName: "a tool",
  clientType: "public",
  grantTypes: ["authorization_code", "refresh_token"],
  redirectUris: [redirectUri],
  issuerUrl,
  scopes: ["sso:account:access"]
}

export const codeClient = Effect.fnUntraced(function*() {
  const emulator = yield* Emulator
  const { clientId, clientSecret } = yield* emulator.registerClient(codeMetadata)
  return { clientId, clientSecret }
})

/** The tag of the error with which an effect fails. */
export const tagOf = <A, E extends { readonly _tag: string }, R>(
  effect: Effect.Effect<A, E, R>
): Effect.Effect<string, A, R> => Effect.map(Effect.flip(effect), (error) => error._tag)
