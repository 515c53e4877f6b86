/**
 * The registrations that this process made: one for each client of the service, name and set of scopes.
 */
import * as UserFunction from "@sso-oidc/core/aws/UserFunction"
import type * as RegisterClient from "@sso-oidc/core/RegisterClient"
import * as Registration from "@sso-oidc/core/Registration"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import type { PendingAuthorization } from "@sso-oidc/device-grant/PendingAuthorization"
import * as DateTime from "effect/DateTime"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Latest from "./latest.ts"

/** A response to a registration, or `undefined` if the start that asked for it came to no end. */
type Made = Deferred.Deferred<RegisterClient.Response | undefined, RegisterClient.Error>

interface Place {
  /** The last registration that this process made and that its program kept. */
  kept?: { readonly registration: Registration.Registration; readonly response: RegisterClient.Response } | undefined
  /** The registration of a start that runs. */
  running?: Made | undefined
}

const places = new WeakMap<SsoOidc.Service, Map<string, Place>>()

// A program that makes up names of clients fills no memory.
const most = 100

// A fiber that registers may belong to a frozen invocation. The others do not wait for it for ever.
const patience = Duration.seconds(10)

const defaultScopes: ReadonlyArray<string> = ["sso:account:access"]

const placeOf = (oidc: SsoOidc.Service, clientName: string, scopes: ReadonlyArray<string>): Place => {
  const all = places.get(oidc) ?? new Map<string, Place>()
  places.set(oidc, all)
  const key = JSON.stringify([clientName, ...[...new Set(scopes)].toSorted()])
  return Latest.put(all, key, all.get(key) ?? {}, most)
}

/**
 * Registers if there is no usable registration, and requests a code. Starts at the same time share one registration. They wait for the
 * response to it, and for nothing else of the start that sent it. If the service rejected it, then they fail with the same error.
 */
export const start = Effect.fnUntraced(function*<E, R>(
  options: DeviceGrant.StartOptions<E, R>
): Effect.fn.Return<PendingAuthorization, DeviceGrant.StartError | E, SsoOidc.SsoOidc | R> {
  const oidc = yield* SsoOidc.SsoOidc
  const { clientName, onRegistration, scopes = defaultScopes } = options
  const place = placeOf(oidc, clientName, scopes)
  const { endpoint, region } = oidc

  const usable = (registration: Registration.Registration | undefined) =>
    Effect.map(
      DateTime.now,
      (now) =>
        registration !== undefined && Registration.isUsable(registration, { region, endpoint, scopes, now })
          ? registration
          : undefined
    )

  const first = (yield* usable(options.registration)) ?? (yield* usable(place.kept?.registration))
  let mine: RegisterClient.Response | undefined
  let taken: Place["kept"]
  let running: Made | undefined

  const register = (request: RegisterClient.Request) =>
    Effect.tap(oidc.registerClient(request), (response) => Effect.sync(() => mine = response))

  /** Registers, or gives the registration that another start makes or has made. */
  const registerClient = (request: RegisterClient.Request) =>
    Effect.gen(function*() {
      // The service rejected the registration that this start began with, and no other start has replaced it.
      if (first !== undefined && place.kept?.registration.clientId === first.clientId) place.kept = undefined
      const { kept } = place
      if (kept !== undefined && (yield* usable(kept.registration)) !== undefined) {
        taken = kept
        return kept.response
      }
      if (place.running === undefined) {
        const made: Made = Deferred.makeUnsafe()
        running = place.running = made
        return yield* Effect.tapError(
          Effect.tap(register(request), (response) => Deferred.succeed(made, response)),
          (error) => Deferred.fail(made, error)
        )
      }
      const response = yield* Effect.timeoutOption(Deferred.await(place.running), patience)
      return Option.getOrUndefined(response) ?? (yield* register(request))
    })

  const grant = DeviceGrant.start<E, Exclude<R, SsoOidc.SsoOidc>>({
    ...options,
    registration: first,
    onRegistration: (registration) => {
      const response = mine
      // another start registered it, and keeps it
      if (response === undefined) return Effect.void
      const keep = onRegistration === undefined
        ? Effect.void
        : Effect.provideService(
          UserFunction.call("onRegistration", onRegistration, registration),
          SsoOidc.SsoOidc,
          oidc
        )
      return Effect.tap(keep, () =>
        Effect.sync(() => {
          place.kept = { registration, response }
          if (place.running === running) place.running = undefined
        }))
    }
  })

  return yield* Effect.provideService(grant, SsoOidc.SsoOidc, {
    ...oidc,
    // what the grant calls may be methods of a class of the program
    endpoint,
    region,
    registerClient,
    startDeviceAuthorization: (request) => oidc.startDeviceAuthorization(request)
  }).pipe(
    // The service may have rejected that one too.
    Effect.tapError(() =>
      Effect.sync(() => {
        if (taken !== undefined && place.kept === taken) place.kept = undefined
      })
    ),
    Effect.ensuring(Effect.suspend(() => {
      if (running === undefined) return Effect.void
      if (place.running === running) place.running = undefined
      return Deferred.succeed(running, undefined)
    }))
  )
})
