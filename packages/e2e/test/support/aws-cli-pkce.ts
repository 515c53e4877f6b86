/**
 * A replay of the AWS CLI from 2.22 on, at `aws sso login` with an `sso-session`. This is the authorization code grant with
 * PKCE (RFC 7636) and a loopback redirect (RFC 8252 section 7.3).
 *
 * It is not the AWS CLI. It sends what we read in the CLI's source: the members of its two requests, each parameter of the
 * authorize URL, and the rules of its listener. It differs on purpose in one place: it listens on 127.0.0.1 alone, and the CLI
 * on every interface. It writes no cache file.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type * as Scope from "effect/Scope"
import { createHash, randomBytes, randomUUID } from "node:crypto"
import { createServer } from "node:http"

export interface Options {
  /** The service. The CLI takes it from its client, including `AWS_ENDPOINT_URL_SSO_OIDC`. */
  readonly endpoint: string
  readonly startUrl: string
  /** The configured `sso_registration_scopes`. The default is the CLI's. */
  readonly scopes?: ReadonlyArray<string>
  readonly sessionName?: string
  /** Plays the browser and its user. */
  readonly open: (url: string) => Promise<void>
}

type Members = Readonly<Record<string, unknown>>

export interface Login {
  /** The responses of RegisterClient and CreateToken. */
  readonly registration: Members
  readonly token: Members
  readonly authorizeUrl: string
}

/** An exception of the service, or an error in the redirect. */
export class Refused extends Error {
  override readonly name = "Refused"
  readonly operation: string
  /** The OAuth error code, if there is one. */
  readonly error: string
  constructor(operation: string, error: string) {
    super(`${operation} failed: ${error}`)
    this.operation = operation
    this.error = error
  }
}

const grantTypes = ["authorization_code", "refresh_token"]
const path = "/oauth/callback"
const defaultScopes = ["sso:account:access"]

// The CLI waits ten minutes for a person.
const patience = "10 minutes"

/** Python's `urllib.parse.quote` with no safe characters: it escapes five characters that `encodeURIComponent` does not. */
const quote = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)

/** The URL that the CLI opens, with its parameters in the CLI's order. */
export const authorizeUrl = (options: {
  readonly endpoint: string
  readonly clientId: string
  readonly redirectUri: string
  readonly state: string
  readonly scopes: ReadonlyArray<string>
  readonly codeChallenge: string
}): string => {
  const query: ReadonlyArray<readonly [string, string]> = [
    ["response_type", "code"],
    ["client_id", options.clientId],
    ["redirect_uri", options.redirectUri],
    ["state", options.state],
    ["code_challenge_method", "S256"],
    ["scopes", options.scopes.join(" ")],
    ["code_challenge", options.codeChallenge]
  ]
  return `${options.endpoint}/authorize?${query.map(([name, value]) => `${name}=${quote(value)}`).join("&")}`
}

const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

/** 64 of the characters that RFC 7636 section 4.1 allows. */
export const codeVerifier = (): string =>
  Array.from(randomBytes(64), (byte) => unreserved[byte % unreserved.length]).join("")

/** RFC 7636 section 4.2. */
export const codeChallenge = (verifier: string): string => createHash("sha256").update(verifier).digest("base64url")

const post = (endpoint: string, operation: string, at: string, body: Members): Effect.Effect<Members, Refused> =>
  Effect.promise(async (signal) => {
    const response = await fetch(`${endpoint}${at}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal
    })
    const json: unknown = await response.json()
    const members: Members = typeof json === "object" && json !== null ? Object.fromEntries(Object.entries(json)) : {}
    return { status: response.status, members }
  }).pipe(
    Effect.flatMap(({ members, status }) =>
      status === 200
        ? Effect.succeed(members)
        : Effect.fail(new Refused(operation, String(members["error"] ?? `HTTP ${status}`)))
    )
  )

interface Listener {
  readonly port: number
  /** The query of the first request that says how the login ended. */
  readonly arrived: Promise<URLSearchParams>
}

/** Responds with 200 to any path. Without an error, or both a code and a state, a request says nothing yet. */
const listener: Effect.Effect<Listener, never, Scope.Scope> = Effect.acquireRelease(
  Effect.promise(async () => {
    const { promise: arrived, resolve } = Promise.withResolvers<URLSearchParams>()
    const server = createServer((request, response) => {
      const query = new URL(request.url ?? "/", "http://127.0.0.1").searchParams
      response.writeHead(200, { "content-type": "text/html" }).end("<p>You may close this window.</p>")
      if (query.has("error") || (query.has("code") && query.has("state"))) resolve(query)
    })
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening))
    const address = server.address()
    if (!Predicate.hasProperty(address, "port")) throw new Error("the listener has no port")
    return { server, port: address.port, arrived }
  }),
  ({ server }) =>
    Effect.sync(() => {
      server.close()
      server.closeAllConnections()
    })
)

/** Plays a whole login. */
export const login = (options: Options): Effect.Effect<Login, Refused> =>
  Effect.gen(function*() {
    const { endpoint, open, scopes = defaultScopes, startUrl } = options
    const now = yield* Clock.currentTimeMillis
    const registration = yield* post(endpoint, "RegisterClient", "/client/register", {
      clientName: `botocore-client-${options.sessionName ?? Math.floor(now / 1000)}`,
      clientType: "public",
      grantTypes,
      redirectUris: [`http://127.0.0.1${path}`],
      issuerUrl: startUrl,
      scopes
    })
    const { clientId, clientSecret } = registration
    const { arrived, port } = yield* listener
    const redirectUri = `http://127.0.0.1:${port}${path}`
    const state = randomUUID()
    const verifier = codeVerifier()
    const url = authorizeUrl({
      endpoint,
      clientId: String(clientId),
      redirectUri,
      state,
      scopes,
      codeChallenge: codeChallenge(verifier)
    })
    yield* Effect.promise(() => open(url))
    const query = yield* Effect.promise(() => arrived).pipe(
      Effect.timeoutOrElse({
        duration: patience,
        orElse: () => Effect.fail(new Refused("Authorize", "no redirect came back"))
      })
    )
    const error = query.get("error")
    if (error !== null) return yield* Effect.fail(new Refused("Authorize", error))
    if (query.get("state") !== state) return yield* Effect.fail(new Refused("Authorize", "another state came back"))
    const token = yield* post(endpoint, "CreateToken", "/token", {
      grantType: "authorization_code",
      clientId,
      clientSecret,
      redirectUri,
      codeVerifier: verifier,
      code: query.get("code")
    })
    return { registration, token, authorizeUrl: url }
  }).pipe(Effect.scoped)
