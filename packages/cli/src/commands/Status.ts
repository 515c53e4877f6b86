/**
 * `sso-oidc status`: what the store says about the token. It sends nothing, asks nothing, and opens nothing.
 */
import * as NodeFileSystem from "@effect/platform-node-shared/NodeFileSystem"
import * as NodePath from "@effect/platform-node-shared/NodePath"
import * as AwsConfig from "@sso-oidc/session/AwsConfig"
import * as KernelLock from "@sso-oidc/session/node/KernelLock"
import * as SessionStatus from "@sso-oidc/session/SessionStatus"
import * as TokenStore from "@sso-oidc/session/TokenStore"
import type { Line } from "@sso-oidc/terminal/Layout"
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Ended from "../Ended.ts"
import * as Life from "../Life.ts"
import * as Output from "../Output.ts"
import type * as Shared from "../Shared.ts"
import { wantedOf } from "../Shared.ts"
import * as Times from "../Times.ts"

/** The status of the session that the flags name, and the command that logs in to it. */
const read = Effect.fnUntraced(function*(wanted: AwsConfig.Wanted) {
  const settings = yield* AwsConfig.resolve(wanted)
  const status = yield* Effect.provide(
    SessionStatus.read(settings),
    Layer.provide(TokenStore.layerAwsCache(), KernelLock.layer)
  )
  return { status, loginCommand: Life.life(settings, wanted).loginCommand }
}, Effect.provide([NodeFileSystem.layer, NodePath.layer]))

const timeOf = (at: DateTime.Utc | undefined): string | null => at === undefined ? null : Times.iso(at)

/** The status as a JSON value. */
export const json = (status: SessionStatus.Status) => ({
  state: status.state,
  expiresAt: timeOf(status.expiresAt),
  refreshable: status.refreshable,
  registrationExpiresAt: timeOf(status.registrationExpiresAt),
  warnings: status.warnings.map(Ended.oneLine)
})

const states: { readonly [S in SessionStatus.State]: string } = {
  valid: "logged in",
  expired: "the token has expired",
  absent: "not logged in: no token is stored",
  unreadable: "not logged in: the stored token cannot be read",
  ended: "the session has ended",
  lost: "the session is possibly lost"
}

const line = (subject: string, text: string): Line => ({ subject, text })

/** The status in words. */
export const lines = (status: SessionStatus.Status, loginCommand: string): ReadonlyArray<Line> => {
  const { expiresAt, isValid, obstacle, refreshable, registrationExpiresAt, state, warnings } = status
  const needsPerson = !isValid && !refreshable
  return [
    line("status", states[state]),
    ...expiresAt === undefined ? [] : [line("token", `${isValid ? "until" : "expired"} ${Times.readable(expiresAt)}`)],
    ...expiresAt === undefined ? [] : [
      line("refresh", refreshable ? "possible, without a person" : Ended.oneLine(obstacle ?? "not possible"))
    ],
    ...registrationExpiresAt === undefined
      ? []
      : [line("client", `registered until ${Times.readable(registrationExpiresAt)}`)],
    ...warnings.map((warning) => line("warning", Ended.oneLine(warning))),
    ...needsPerson
      ? [line("next", `run: ${loginCommand}`)]
      : isValid
      ? []
      : [line("next", "nothing to do: the next command that needs the token refreshes it")]
  ]
}

/** Prints the status. It ends with 0 only while the token is valid. */
export const run = Effect.fnUntraced(function*(shared: Shared.Shared) {
  const wanted = yield* wantedOf(shared)
  const { loginCommand, status } = yield* read(wanted)
  yield* Output.result(shared.json, json(status), lines(status, loginCommand))
  if (!status.isValid) return yield* new Ended.Exited({ code: Ended.codes.rejected })
})
