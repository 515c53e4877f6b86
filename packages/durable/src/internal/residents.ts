/**
 * The logins that this process drives now.
 */
import type { Registration } from "@sso-oidc/core/Registration"
import type { Token } from "@sso-oidc/core/Token"
import type { PendingAuthorization } from "@sso-oidc/device-grant/PendingAuthorization"
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { LoginFailure } from "../Login.ts"
import type { Row } from "../LoginStore.ts"
import * as Latest from "./latest.ts"
import type { Name } from "./login.ts"

/** How a login ended, before its row says so. */
export type Ending =
  | { readonly _tag: "Token"; readonly token: Token }
  | { readonly _tag: "Error"; readonly error: LoginFailure; readonly isLost: boolean }

/** A row without its sealed text, which is long. The process can seal the login anew. */
export type Held = Omit<Row, "sealed">

/** A login that this process drives. Most of its life it waits, so it is plain data. */
export interface Resident extends Name {
  /** The name of the holder in the row: of this run, and of no other. */
  readonly holder: string
  /** When the code was issued, in milliseconds since 1970. */
  readonly issuedAt: number
  /** The row, as this process wrote it last. */
  row: Held
  /** The pending authorization, as the row has it. */
  stored: PendingAuthorization
  /** The pending authorization, as it is. */
  pending: PendingAuthorization
  /** When the wait for the next poll began, and when it ends, on the monotonic clock in milliseconds. */
  since: number
  due: number
  /** How far the next poll is under the limit of requests. */
  turn: "none" | "asked" | "granted"
  /** Leaves the queue of those who wait for their turn. */
  leave: () => void
  /** How often the process had stood still when the row was last known to be its own. */
  confirmed: number
  /** Whether the row was confirmed for the next poll alone. */
  isSure: boolean
  /** Whether the next poll comes as early as the grant permits. */
  isHurried: boolean
  /** Whether the row may have changed, so that it must be read before the next poll. */
  isDoubted: boolean
  /** Whether the row lacks a change, because the store failed. */
  isBehind: boolean
  /** Whether a poll is in flight. */
  isPolling: boolean
  /** Whether no poll can be sent by this process, because its client is for another region or endpoint. */
  isBlocked: boolean
  /** Whether this process has released the row, and sends nothing more. */
  isReleased: boolean
  /** How the login ended, if the row does not say so yet. */
  ending: Ending | undefined
  /** Whether it was woken since it last looked. */
  isWoken: boolean
  /** Ends its sleep. */
  alarm: () => void
}

export interface Residents {
  readonly all: ReadonlyMap<string, Resident>
  /** The attempts whose token came to a run that was interrupted, and is not written yet. No other run of this process polls for them. */
  readonly kept: ReadonlySet<string>
  /** Keeps a token until an effect has written it. */
  readonly keep: (attempt: string, writing: Effect.Effect<void>) => Effect.Effect<void>
  /** Whether this process stops: it sends no more polls. */
  readonly isStopping: () => boolean
  readonly add: (resident: Resident) => void
  readonly remove: (resident: Resident) => void
  /** The registration, or an equal one of another login. Its secret is long, and many logins have the same. */
  readonly shared: (registration: Registration) => Registration
  /** Stops, and wakes all. Waits until all have left, at most so many milliseconds. */
  readonly stop: (millis: number) => Effect.Effect<void>
}

// A program has few registrations at a time: one for each process, endpoint and set of scopes.
const most = 100

const isEqual = (one: Registration, other: Registration): boolean =>
  Redacted.value(one.clientSecret) === Redacted.value(other.clientSecret) &&
  one.region === other.region && one.endpoint === other.endpoint &&
  one.expiresAt?.epochMilliseconds === other.expiresAt?.epochMilliseconds &&
  one.scopes.length === other.scopes.length && one.scopes.every((scope, at) => scope === other.scopes[at])

const sharing = (): Residents["shared"] => {
  const known = new Map<string, Registration>()
  return (registration) => {
    const { clientId } = registration
    const found = known.get(clientId)
    return Latest.put(known, clientId, found !== undefined && isEqual(found, registration) ? found : registration, most)
  }
}

export const make = (): Residents => {
  const all = new Map<string, Resident>()
  let isStopping = false
  const kept = new Set<string>()
  let left = (): void => {}
  const look = (): void => {
    if (all.size === 0 && kept.size === 0) left()
  }
  return {
    all,
    kept,
    keep: (attempt, writing) =>
      Effect.suspend(() => {
        kept.add(attempt)
        const done = Effect.sync(() => {
          kept.delete(attempt)
          look()
        })
        return Effect.asVoid(Effect.forkDetach(Effect.ensuring(writing, done), { startImmediately: true }))
      }),
    isStopping: () => isStopping,
    shared: sharing(),
    add: (resident) => void all.set(resident.id, resident),
    remove: (resident) => {
      if (all.get(resident.id) === resident) all.delete(resident.id)
      look()
    },
    stop: (millis) =>
      Effect.suspend(() => {
        isStopping = true
        const gone = Effect.callback<void>((resume) => {
          left = () => resume(Effect.void)
          look()
        })
        for (const resident of all.values()) wake(resident)
        return Effect.asVoid(Effect.timeoutOption(gone, Duration.millis(millis)))
      })
  }
}

export const monotonic = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / 1e6

/** Lets a login look at once at what has changed. */
export const wake = (resident: Resident): void => {
  resident.isWoken = true
  resident.alarm()
}

/** Sleeps for so many milliseconds, or until the login is woken. */
export const sleep = (resident: Resident, millis: number): Effect.Effect<void> =>
  Effect.withFiber((fiber) =>
    Effect.callback<void>((resume) => {
      if (resident.isWoken) return resume(Effect.void)
      const timer = Effect.runForkWith(fiber.context)(Effect.sleep(Duration.millis(Math.ceil(millis))))
      const alarm = () => {
        timer.interruptUnsafe()
        end()
      }
      // the timer ends after its interruption, when the login may sleep anew
      const end = () => {
        if (resident.alarm === alarm) resident.alarm = noop
        resume(Effect.void)
      }
      resident.alarm = alarm
      timer.addObserver(end)
      return Effect.sync(() => timer.interruptUnsafe())
    })
  )

export const noop = (): void => {}
