/**
 * Every fault against every operation: what the caller gets, and how often the service received the request.
 */
import * as Retry from "@sso-oidc/core/aws/Retry"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import type * as RegisterClient from "@sso-oidc/core/RegisterClient"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import type * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorTransport from "@sso-oidc/emulator/EmulatorTransport"
import * as Faulty from "@sso-oidc/testing/FaultyTransport"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import type * as Result from "effect/Result"
import * as TestClock from "effect/testing/TestClock"

// -----------------------------------------------------------------------------
// faults
// -----------------------------------------------------------------------------

/** One fault of each kind, and variants that exceed a limit. */
export const faults: ReadonlyArray<Faulty.Fault> = [
  ...Faulty.oneOfEach.flatMap((fault) =>
    fault._tag === "SlowResponse"
      ? [fault, Faulty.slowResponse(1, "1 second")]
      : fault._tag === "Delay"
      ? [fault, Faulty.delay("31 seconds")]
      : [fault]
  ),
  Faulty.serviceUnavailable()
]

export const nameOf = (fault: Faulty.Fault): string => {
  const { _tag, ...rest } = fault
  const details = Object.entries(rest).map(([key, value]) => `${key} ${value}`)
  return [`\`${_tag}\``, ...(details.length === 0 ? [] : [`(${details.join(", ")})`])].join(" ")
}

// -----------------------------------------------------------------------------
// calls
// -----------------------------------------------------------------------------

type AnyError = RegisterClient.Error | StartDeviceAuthorization.Error | CreateToken.Error

export interface Call {
  readonly name: string
  /** Whether it sends a secret that works only once. */
  readonly once: boolean
  /** Prepares the emulator, and gives the call. Without a fault, the call succeeds. */
  readonly prepare: Effect.Effect<
    (oidc: SsoOidc.Service) => Effect.Effect<unknown, AnyError>,
    unknown,
    Emulator.Emulator
  >
}

const registration = { clientName: "a tool", clientType: "public", scopes: ["sso:account:access"] }

const redirectUri = "http://127.0.0.1/callback"

/** An approved device code: its poll gets the token, or loses it. */
const approved = Effect.gen(function*() {
  const emulator = yield* Emulator.Emulator
  const { clientId, clientSecret } = yield* emulator.registerClient(registration)
  const startUrl = "https://my.awsapps.com/start"
  const { deviceCode, userCode } = yield* emulator.startDeviceAuthorization({ clientId, clientSecret, startUrl })
  yield* emulator.authorizations.approve(userCode)
  return { clientId, clientSecret, grantType: CreateToken.deviceCodeGrantType, deviceCode } as const
})

export const calls: ReadonlyArray<Call> = [
  {
    name: "RegisterClient",
    once: false,
    prepare: Effect.succeed((oidc) => oidc.registerClient(registration))
  },
  {
    name: "StartDeviceAuthorization",
    once: false,
    prepare: Effect.map(
      Effect.flatMap(Emulator.Emulator, (emulator) => emulator.registerClient(registration)),
      ({ clientId, clientSecret }) => (oidc) =>
        oidc.startDeviceAuthorization({ clientId, clientSecret, startUrl: "https://my.awsapps.com/start" })
    )
  },
  {
    name: "CreateToken, device code",
    once: false,
    prepare: Effect.map(approved, (poll) => (oidc) => oidc.createToken(poll))
  },
  {
    name: "CreateToken, authorization code",
    once: true,
    prepare: Effect.gen(function*() {
      const emulator = yield* Emulator.Emulator
      const { clientId, clientSecret } = yield* emulator.registerClient({
        ...registration,
        grantTypes: ["authorization_code", "refresh_token"],
        redirectUris: [redirectUri],
        issuerUrl: "https://my.awsapps.com/start"
      })
      // the example of RFC 7636, appendix B
      const { id } = yield* emulator.authorize({
        clientId,
        redirectUri,
        responseType: "code",
        scopes: registration.scopes,
        state: "a state",
        codeChallengeMethod: "S256",
        codeChallenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
      })
      const decided = yield* emulator.authorizations.approve(id)
      const location = decided._tag === "CodeAuthorization" ? decided.location : undefined
      const code = new URL(location === undefined ? redirectUri : Redacted.value(location)).searchParams.get("code")
      return (oidc: SsoOidc.Service) =>
        oidc.createToken({
          clientId,
          clientSecret,
          grantType: "authorization_code",
          code: Redacted.make(code ?? ""),
          redirectUri,
          codeVerifier: Redacted.make("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
        })
    })
  },
  {
    name: "CreateToken, refresh token",
    once: true,
    prepare: Effect.gen(function*() {
      const poll = yield* approved
      const { refreshToken = Redacted.make("") } = yield* (yield* Emulator.Emulator).createToken(poll)
      const { clientId, clientSecret } = poll
      return (oidc: SsoOidc.Service) =>
        oidc.createToken({ clientId, clientSecret, grantType: "refresh_token", refreshToken })
    })
  }
]

// -----------------------------------------------------------------------------
// a run
// -----------------------------------------------------------------------------

/** A client over the fault over the emulator, and the requests that arrive there. */
const client = (plan: Faulty.Plan) =>
  Effect.gen(function*() {
    const arrived: Array<string> = []
    let busy = 0
    const counted = HttpClient.transform(yield* EmulatorTransport.make, (exchange, request) =>
      Effect.suspend(() => {
        arrived.push(request.url)
        busy++
        return Effect.ensuring(exchange, Effect.sync(() => busy--))
      }))
    const { client } = yield* Effect.provideService(Faulty.make(plan), HttpClient.HttpClient, counted)
    const oidc = yield* Effect.provideService(SsoOidc.make({ region: "eu-west-1" }), HttpClient.HttpClient, client)

    /** Runs the effect to its end, one second of the clock at a time. */
    const ended = Effect.fnUntraced(function*<A, E, R>(effect: Effect.Effect<A, E, R>) {
      const fiber = yield* Effect.forkChild(Effect.result(effect), { startImmediately: true })
      for (let seconds = 0; fiber.pollUnsafe() === undefined && seconds < 700; seconds++) {
        // the emulator takes no time of the clock, but its hashes take real time
        do {
          yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
        } while (busy > 0)
        yield* TestClock.adjust("1 second")
      }
      return yield* Fiber.join(fiber)
    })
    return { arrived, ended, oidc }
  })

const isolated = (options: Emulator.Options) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  effect.pipe(
    // no jitter, so each wait is exact
    Effect.provideService(Random.Random, { nextIntUnsafe: () => 0, nextDoubleUnsafe: () => 0 }),
    Effect.scoped,
    Effect.provide(Emulator.layer(options), { local: true })
  )

export interface Outcome {
  readonly gets: string
  readonly arrived: number
}

const said = (result: Result.Result<unknown, AnyError>): string => {
  if (result._tag === "Success") return "its response"
  const error = result.failure
  switch (error._tag) {
    case "TransportError":
      return `\`TransportError\`: sent \`${error.sent}\`, \`${error.code}\`, ${
        error.transient ? "transient" : "permanent"
      }`
    case "UnexpectedResponse":
      return `\`UnexpectedResponse\`: ${error.problem}, HTTP ${error.status}${
        error.retryAfter === undefined ? "" : `, \`retryAfter\` ${error.retryAfter}`
      }`
    default:
      return `\`${error._tag}\``
  }
}

/** The call meets the fault once, and meets none after it. */
const run = (fault: Faulty.Fault, call: Call, client_: (oidc: SsoOidc.Service) => SsoOidc.Service) =>
  Effect.gen(function*() {
    const send = yield* call.prepare
    const { arrived, ended, oidc } = yield* client(Faulty.inOrder([fault]))
    return { gets: said(yield* ended(send(client_(oidc)))), arrived: arrived.length }
  }).pipe(isolated({}))

export const plain = (fault: Faulty.Fault, call: Call): Effect.Effect<Outcome, unknown> =>
  run(fault, call, (oidc) => oidc)

export const retried = (fault: Faulty.Fault, call: Call): Effect.Effect<Outcome, unknown> =>
  run(fault, call, (oidc) => Retry.make(oidc))

/** A whole login whose first poll meets the fault. The person has approved by then, or approves soon after. */
export const login = (fault: Faulty.Fault, approved: boolean): Effect.Effect<string, unknown> =>
  Effect.gen(function*() {
    const { arrived, ended, oidc } = yield* client(Faulty.perOperation({ CreateToken: [fault] }))
    const waits: Array<{ readonly reason: string; readonly seconds: number }> = []
    const result = yield* ended(
      DeviceGrant.login({
        clientName: "a tool",
        startUrl: "https://my.awsapps.com/start",
        onEvent: (event) =>
          Effect.sync(() => {
            if (event._tag === "Waiting") {
              waits.push({ reason: event.reason, seconds: Duration.toSeconds(event.wait) })
            }
          })
      }).pipe(Effect.provideService(SsoOidc.SsoOidc, oidc))
    )
    const polls = arrived.filter((url) => url.endsWith("/token")).length
    const end = result._tag === "Success" ? "the token" : `\`${result.failure._tag}\``
    return `${[...told(waits), end].join("; ")} (${polls} arrived)`
  }).pipe(isolated({ autoApprove: approved ? 0 : "1.5 seconds" }))

/** The waits in order. Consecutive waits with the same reason are one entry. */
const told = (waits: ReadonlyArray<{ readonly reason: string; readonly seconds: number }>): ReadonlyArray<string> =>
  waits.flatMap(({ reason, seconds }, at) => {
    if (waits[at - 1]?.reason === reason) return []
    const rest = waits.slice(at)
    const end = rest.findIndex((wait) => wait.reason !== reason)
    const same = end === -1 ? rest : rest.slice(0, end)
    return [
      same.length === 1
        ? `${reason}, waits ${seconds} s`
        : `${reason} ${same.length} times, waits ${seconds} to ${same.at(-1)?.seconds} s`
    ]
  })

// -----------------------------------------------------------------------------
// the table
// -----------------------------------------------------------------------------

export interface Row {
  readonly fault: Faulty.Fault
  readonly call: Call
  readonly plain: Outcome
  readonly retried: Outcome
}

export interface Login {
  readonly fault: Faulty.Fault
  readonly pending: string
  readonly approved: string
}

/** Calls with the same results share a line. */
const lines = (rows: ReadonlyArray<Row>): ReadonlyArray<string> => {
  const grouped = Map.groupBy(
    rows,
    ({ fault, plain, retried }) =>
      [nameOf(fault), "", plain.gets, plain.arrived, retried.gets, retried.arrived].join(" | ")
  )
  return [...grouped].map(([line, same]) =>
    `| ${
      line.replace(
        " |  | ",
        ` | ${same.length === calls.length ? "every one" : same.map(({ call }) => call.name).join("; ")} | `
      )
    } |`
  )
}

export const table = (rows: ReadonlyArray<Row>, logins: ReadonlyArray<Login>): string =>
  [
    "| fault | operation | the client gets | arrived | with `Retry.layer(SsoOidc.SsoOidc)` | arrived |",
    "|---|---|---|---|---|---|",
    ...lines(rows),
    "",
    "A login whose first poll meets the fault, before the person has approved and after it:",
    "",
    "| fault | the device grant, pending | the device grant, approved |",
    "|---|---|---|",
    ...logins.map(({ approved, fault, pending }) => `| ${nameOf(fault)} | ${pending} | ${approved} |`)
  ].join("\n")
