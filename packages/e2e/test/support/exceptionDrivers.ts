/**
 * The drivers of the catalogue of exceptions: plain HTTP, the official JavaScript client, and ours. Each one uses the emulator
 * in the context. TestClock keeps the emulator's time.
 */
import * as Official from "@aws-sdk/client-sso-oidc"
import type * as Operation from "@sso-oidc/core/aws/Operation"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as RegisterClient from "@sso-oidc/core/RegisterClient"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as TestClock from "effect/testing/TestClock"
import type { Body, Calls, Driver, ExceptionResponse, ServiceResponse } from "./exceptions.ts"

/** A driver for the emulator in the context. */
export type Make = Effect.Effect<Driver, never, Emulator.Emulator | EmulatorServer.EmulatorServer | Scope.Scope>

const textOf = (u: unknown): string | undefined => typeof u === "string" ? u : undefined

const member = (u: unknown, key: string): unknown => Predicate.hasProperty(u, key) ? u[key] : undefined

const recordOf = (u: object): Readonly<Record<string, unknown>> => Object.fromEntries(Object.entries(u))

// -----------------------------------------------------------------------------
// plain HTTP
// -----------------------------------------------------------------------------

const suffix = ":http://internal.amazon.com/coral/com.amazonaws.sso.oidc/"

const send = (url: string, path: string, body: Body): Effect.Effect<ServiceResponse> =>
  Effect.promise(async (signal) => {
    const response = await fetch(`${url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal
    })
    const json: unknown = await response.json()
    if (response.status === 200 && typeof json === "object" && json !== null) {
      return { _tag: "Success", body: recordOf(json) }
    }
    const type = response.headers.get("x-amzn-errortype") ?? ""
    if (!type.endsWith(suffix)) throw new Error(`HTTP ${response.status} with the error type "${type}"`)
    return {
      _tag: "Exception",
      exception: type.slice(0, -suffix.length),
      error: textOf(member(json, "error")),
      errorDescription: textOf(member(json, "error_description")),
      reason: textOf(member(json, "reason")),
      status: response.status,
      requestId: response.headers.get("x-amzn-requestid") ?? undefined
    }
  })

const plain = (url: string): Calls => ({
  register: (body) => send(url, RegisterClient.operation.path, body),
  start: (body) => send(url, StartDeviceAuthorization.operation.path, body),
  token: (body) => send(url, CreateToken.operation.path, body)
})

/** The calls of the emulator itself. */
const inside = (emulator: Emulator.Service): Driver["inside"] => {
  const succeeds = <A extends object, E>(call: Effect.Effect<A, E>): Effect.Effect<ServiceResponse> =>
    Effect.map(Effect.orDie(call), (output) => ({ _tag: "Success", body: recordOf(output) }))
  const registration = Schema.decodeUnknownEffect(RegisterClient.operation.request)
  const start = Schema.decodeUnknownEffect(StartDeviceAuthorization.operation.request)
  return {
    register: (body) => succeeds(Effect.flatMap(registration(body), emulator.registerClient)),
    start: (body) => succeeds(Effect.flatMap(start(body), (request) => emulator.startDeviceAuthorization(request)))
  }
}

/** The calls of a client, with what a person and time do at the emulator. */
export const withWorld = <R>(
  calls: (url: string) => Effect.Effect<Calls, never, R>
): Effect.Effect<Driver, never, R | Emulator.Emulator | EmulatorServer.EmulatorServer> =>
  Effect.gen(function*() {
    const emulator = yield* Emulator.Emulator
    const { url } = yield* EmulatorServer.EmulatorServer
    return {
      ...(yield* calls(url)),
      others: plain(url),
      inside: inside(emulator),
      approve: (userCode) => Effect.orDie(emulator.authorizations.approve(userCode)),
      deny: (userCode) => Effect.orDie(emulator.authorizations.deny(userCode)),
      advance: (milliseconds) => TestClock.adjust(milliseconds),
      arm: (armed) => Effect.orDie(emulator.faults.arm({ _tag: "Exception", ...armed }))
    }
  })

/** Plain HTTP. The exception is what the observed header says (E2). */
export const raw: Make = withWorld((url) => Effect.succeed(plain(url)))

// -----------------------------------------------------------------------------
// official
// -----------------------------------------------------------------------------

const classes = new Map<string, unknown>(Object.entries(Official))

/** The exception's name, if it is an instance of the class that the official client exports under this name. */
const officialName = (error: unknown): string | undefined => {
  const name = textOf(member(error, "name"))
  const type = name === undefined ? undefined : classes.get(name)
  return typeof type === "function" && error instanceof type ? name : undefined
}

const officialResponse = (call: () => Promise<object>): Effect.Effect<ServiceResponse> =>
  Effect.tryPromise({ try: call, catch: (error) => error }).pipe(
    Effect.match({
      onSuccess: (output): Effect.Effect<ServiceResponse> =>
        Effect.succeed({ _tag: "Success", body: recordOf(output) }),
      onFailure: (error): Effect.Effect<ServiceResponse> => {
        const exception = officialName(error)
        const metadata = member(error, "$metadata")
        const status = member(metadata, "httpStatusCode")
        if (exception === undefined || exception === "SSOOIDCServiceException") return Effect.die(error)
        return Effect.succeed({
          _tag: "Exception",
          exception,
          error: textOf(member(error, "error")),
          errorDescription: textOf(member(error, "error_description")),
          reason: textOf(member(error, "reason")),
          status: typeof status === "number" ? status : undefined,
          requestId: textOf(member(metadata, "requestId"))
        })
      }
    }),
    Effect.flatten
  )

const listOf = (u: Body[string]): Array<string> | undefined => typeof u === "object" ? [...u] : undefined

/** `@aws-sdk/client-sso-oidc`, without a retry of its own. It sends what it is given, also if a member is missing. */
export const official: Make = withWorld((url) =>
  Effect.acquireRelease(
    Effect.sync(() => new Official.SSOOIDCClient({ region: "us-east-1", endpoint: url, maxAttempts: 1 })),
    (client) => Effect.sync(() => client.destroy())
  ).pipe(Effect.map((client): Calls => ({
    register: (body) =>
      officialResponse(() =>
        client.send(
          new Official.RegisterClientCommand({
            clientName: textOf(body["clientName"]),
            clientType: textOf(body["clientType"]),
            scopes: listOf(body["scopes"]),
            redirectUris: listOf(body["redirectUris"]),
            grantTypes: listOf(body["grantTypes"]),
            issuerUrl: textOf(body["issuerUrl"])
          })
        )
      ),
    start: (body) =>
      officialResponse(() =>
        client.send(
          new Official.StartDeviceAuthorizationCommand({
            clientId: textOf(body["clientId"]),
            clientSecret: textOf(body["clientSecret"]),
            startUrl: textOf(body["startUrl"])
          })
        )
      ),
    token: (body) =>
      officialResponse(() =>
        client.send(
          new Official.CreateTokenCommand({
            clientId: textOf(body["clientId"]),
            clientSecret: textOf(body["clientSecret"]),
            grantType: textOf(body["grantType"]),
            deviceCode: textOf(body["deviceCode"]),
            code: textOf(body["code"]),
            refreshToken: textOf(body["refreshToken"]),
            scope: listOf(body["scope"]),
            redirectUri: textOf(body["redirectUri"]),
            codeVerifier: textOf(body["codeVerifier"])
          })
        )
      )
  })))
)

// -----------------------------------------------------------------------------
// ours
// -----------------------------------------------------------------------------

const exceptionOf = (error: unknown): Effect.Effect<ServiceResponse> => {
  const tag = textOf(member(error, "_tag"))
  const type = tag === undefined ? undefined : new Map<string, unknown>(Object.entries(SsoOidcError)).get(tag)
  const status = member(error, "status")
  if (tag === undefined || !tag.endsWith("Exception") || typeof type !== "function" || !(error instanceof type)) {
    return Effect.die(error)
  }
  const response: ExceptionResponse = {
    _tag: "Exception",
    exception: tag,
    error: textOf(member(error, "error")),
    errorDescription: textOf(member(error, "errorDescription")),
    reason: textOf(member(error, "reason")),
    status: typeof status === "number" ? status : undefined,
    requestId: textOf(member(error, "requestId"))
  }
  return Effect.succeed(response)
}

const AnyBody = Schema.Record(Schema.String, Schema.Unknown)

/** Sends any body through an operation: as the operation's request, or as plain JSON if its schema refuses the body. */
const execute = <Request, Response extends object, E>(
  client: SsoOidc.Service,
  operation: Operation.Operation<Request, Response, E>
) => {
  const decode = Schema.decodeUnknownOption(operation.request)
  const anyBody: Operation.Operation<typeof AnyBody.Type, Response, E> = {
    ...operation,
    request: AnyBody,
    resend: () => "anytime"
  }
  return (body: Body): Effect.Effect<ServiceResponse> => {
    // as JSON would carry it
    const members: Readonly<Record<string, unknown>> = JSON.parse(JSON.stringify(body))
    return Option.match(decode(members), {
      onSome: (request) => client.execute(operation, request),
      onNone: () => client.execute(anyBody, members)
    }).pipe(
      Effect.map((output): ServiceResponse => ({
        _tag: "Success",
        body: Object.fromEntries(
          Object.entries(output).map((
            [key, value]
          ) => [key, Redacted.isRedacted(value) ? Redacted.value(value) : value])
        )
      })),
      Effect.catch(exceptionOf)
    )
  }
}

/** `@sso-oidc/core` over the Node transport. */
export const ours: Make = withWorld((url) =>
  Layer.build(SsoOidc.layer({ region: "us-east-1", endpoint: url }).pipe(Layer.provide(NodeTransport.layer()))).pipe(
    Effect.orDie,
    Effect.map((context) => Context.get(context, SsoOidc.SsoOidc)),
    Effect.map((client): Calls => ({
      register: execute(client, RegisterClient.operation),
      start: execute(client, StartDeviceAuthorization.operation),
      token: execute(client, CreateToken.operation)
    }))
  )
)
