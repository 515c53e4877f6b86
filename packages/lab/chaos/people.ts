/**
 * The persons of a run, and the program in front of them, which starts their logins.
 */
import * as Logins from "@sso-oidc/durable/Logins"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { Cancel, End, Service } from "./events.ts"
import { hashOf } from "./observer.ts"
import type { Person } from "./plan.ts"

/** What became of the persons. */
export interface Persons {
  /** The number of each login, by the hash of its user code. */
  readonly logins: Map<string, number>
  readonly cancels: Array<Cancel>
  readonly failures: Array<string>
}

export const none = (): Persons => ({ logins: new Map(), cancels: [], failures: [] })

export const idOf = (login: number): string => `chaos-${login}`

const startUrl = "https://chaos.awsapps.com/start"

const tagOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "_tag" in error ? String(error._tag) : "an unknown error"

/** How long the person needs to come back after the approval, in milliseconds. */
const wayBack = 300

/** Starts a login, waits, and does what its person does. `now` is the time since the run began. */
export const live = (
  person: Person,
  persons: Persons,
  now: () => number
): Effect.Effect<void, never, Logins.Logins | Emulator.Emulator> =>
  Effect.gen(function*() {
    const logins = yield* Logins.Logins
    const { authorizations } = yield* Emulator.Emulator
    const { after, does, hurries, login } = person
    const id = idOf(login)
    yield* Effect.sleep(person.startAt)
    const { userCode } = yield* logins.start({ id, clientName: "chaos", startUrl })
    persons.logins.set(hashOf(userCode), login)
    yield* Effect.sleep(after)
    switch (does) {
      case "nothing":
        return
      case "approve": {
        yield* authorizations.approve(userCode)
        if (!hurries) return
        yield* Effect.sleep(wayBack)
        return yield* logins.hurry(id)
      }
      case "deny":
        yield* authorizations.deny(userCode)
        return
      case "lapse":
        yield* authorizations.expire(userCode)
        return
      case "cancel": {
        const isCancelled = yield* logins.cancel(id)
        if (isCancelled) persons.cancels.push({ login, at: now() })
        else persons.failures.push(`login ${login} was pending, and cancel gave false`)
      }
    }
  }).pipe(
    Effect.catch((error) =>
      Effect.sync(() => {
        persons.failures.push(`login ${person.login} (${person.does}): ${tagOf(error)}`)
      })
    )
  )

/** Hurries a login. It may have ended. */
export const hurry = (login: number): Effect.Effect<void, never, Logins.Logins> =>
  Effect.ignore(Logins.Logins.use((logins) => logins.hurry(idOf(login))))

/** How a login ended, as the library says. */
export const endOf = (login: number): Effect.Effect<End, never, Logins.Logins> =>
  Effect.gen(function*() {
    const logins = yield* Logins.Logins
    const found = yield* logins.get(idOf(login))
    switch (found.state) {
      case "failed":
        return {
          login,
          state: found.state,
          error: found.error._tag,
          ...(found.error._tag === "DeviceCodeExpired" ? { responseLost: found.error.responseLost } : {})
        }
      case "approved": {
        const token = yield* logins.token(idOf(login))
        return { login, state: found.state, token: hashOf(Redacted.value(token.accessToken)) }
      }
      default:
        return { login, state: found.state }
    }
  }).pipe(Effect.catch((error) => Effect.succeed<End>({ login, state: "unreadable", error: tagOf(error) })))

/** What the emulator knows at the end: each login's code, and the hashes of all tokens that it issued. `loginOf` takes a hash of a device code. */
export const served = (loginOf: (deviceCode: string) => number | undefined) =>
  Effect.gen(function*() {
    const { state } = yield* Emulator.Emulator
    const { accessTokens, deviceAuthorizations } = yield* state.snapshot
    const services = deviceAuthorizations.flatMap(({ decision, deviceCode, used }): ReadonlyArray<Service> => {
      const login = loginOf(hashOf(Redacted.value(deviceCode)))
      return login === undefined ? [] : [{ login, isUsed: used, ...(decision === undefined ? {} : { decision }) }]
    })
    return { services, issued: accessTokens.map(({ accessToken }) => hashOf(Redacted.value(accessToken))) }
  })
