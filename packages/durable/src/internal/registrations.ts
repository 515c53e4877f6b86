/**
 * The registrations that this process made: one for each client of the service, name and set of scopes.
 */
import * as Registration from "@sso-oidc/core/Registration"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import type { PendingAuthorization } from "@sso-oidc/device-grant/PendingAuthorization"
import * as DateTime from "effect/DateTime"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

interface Place {
  registration?: Registration.Registration
  /** Done when the start that registers has ended. */
  running?: Deferred.Deferred<void> | undefined
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
  const place = all.get(key) ?? {}
  all.delete(key)
  all.set(key, place)
  for (const oldest of all.keys()) {
    if (all.size <= most) break
    all.delete(oldest)
  }
  return place
}

/** Registers if there is no usable registration, and requests a code. Starts at the same time share one registration. */
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

  const request = (registration: Registration.Registration | undefined) =>
    DeviceGrant.start<E, R>({
      ...options,
      registration,
      // The grant calls it too when the service did not accept the registration, so that the new one takes its place.
      onRegistration: (registration) => {
        place.registration = registration
        return onRegistration === undefined ? Effect.void : onRegistration(registration)
      }
    })

  const known = Effect.suspend(() => usable(place.registration))

  /** Registers, or waits for the start that does. */
  const first: Effect.Effect<PendingAuthorization, DeviceGrant.StartError | E, SsoOidc.SsoOidc | R> = Effect.suspend(
    () => {
      const { running } = place
      if (running === undefined) {
        const mine = Deferred.makeUnsafe<void>()
        place.running = mine
        return Effect.ensuring(
          request(undefined),
          Effect.suspend(() => {
            if (place.running === mine) place.running = undefined
            return Deferred.succeed(mine, undefined)
          })
        )
      }
      return Effect.gen(function*() {
        const isOver = yield* Effect.timeoutOption(Deferred.await(running), patience)
        const made = yield* known
        // it failed, so this one may register
        if (made === undefined && Option.isSome(isOver)) return yield* first
        return yield* request(made)
      })
    }
  )

  const registration = (yield* usable(options.registration)) ?? (yield* known)
  return yield* registration === undefined ? first : request(registration)
})
