/**
 * The persons at the devices: most approve after a while, some deny, and some never come.
 */
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"

/** What the person of the n-th code does, and after how many seconds. */
const decisionOf = (n: number): { readonly does: "approve" | "deny" | "nothing"; readonly after: number } => {
  const after = 3 + (n * 7) % 17 // some before, some while and some after a process is away
  if (n % 13 === 7) return { does: "nothing", after }
  return { does: n % 10 === 4 ? "deny" : "approve", after }
}

/** Decides about each login that the emulator has, until the scope closes. */
export const persons: Effect.Effect<void, never, Emulator.Emulator | Scope.Scope> = Effect.gen(function*() {
  const { authorizations } = yield* Emulator.Emulator
  const seen = new Set<string>()
  const look = Effect.gen(function*() {
    for (const authorization of yield* authorizations.list) {
      if (authorization._tag !== "DeviceAuthorization" || seen.has(authorization.userCode)) continue
      const { after, does } = decisionOf(seen.size)
      seen.add(authorization.userCode)
      if (does === "nothing") continue
      yield* Effect.forkScoped(
        // a code that was cancelled in between cannot be decided any more, which is right
        authorizations[does](authorization.userCode).pipe(Effect.delay(`${after} seconds`), Effect.ignore)
      )
    }
  })
  yield* Effect.forkScoped(Effect.repeat(look, Schedule.spaced("300 millis")))
})
