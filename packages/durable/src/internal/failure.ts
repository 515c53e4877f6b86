/**
 * How a login failed, as the text that its row has.
 */
import * as ClientError from "@sso-oidc/core/aws/ClientError"
import * as Wire from "@sso-oidc/core/aws/Wire"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as Sealer from "@sso-oidc/core/Sealer"
import type { PollError } from "@sso-oidc/device-grant/DeviceGrant"
import * as PollErrors from "@sso-oidc/device-grant/PollError"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { LoginFailure } from "../Login.ts"

const json = /* @__PURE__ */ Schema.fromJsonString(
  /* @__PURE__ */ Schema.Union([PollErrors.PollError, Sealer.Unsealable])
)

/** An error of this release has fewer levels. What has more is not walked, because that could overflow the stack. */
const deepest = 32

/** Whether each text of a JSON value may be shown. An error stands in plain text, and may reach a terminal. */
const isShown = (value: unknown, level = 0): boolean =>
  typeof value === "string"
    ? Wire.isPrintable(value)
    : typeof value !== "object" || value === null ||
      (level < deepest && Object.values(value).every((member) => isShown(member, level + 1)))

/** The error of a text. A text that is none, such as of a newer release, fails. So does an error that ends no login. */
export const decode = (text: string): Effect.Effect<LoginFailure, unknown> =>
  Effect.suspend(() =>
    Effect.flatMap(
      Schema.decodeEffect(json)(text),
      (error) =>
        error._tag !== "RequestInvalid" && isShown(JSON.parse(text))
          ? Effect.succeed(error)
          : Effect.fail(undefined)
    )
  ).pipe(Effect.catchDefect(() => Effect.fail(undefined)))

const encodeAny = (error: LoginFailure): Effect.Effect<string, Schema.SchemaError> =>
  Effect.suspend(() => Schema.encodeEffect(json)(error))

const ofProgram = (detail: string): LoginFailure =>
  new ClientError.UnexpectedResponse({
    operation: CreateToken.operation.name,
    problem: "status",
    status: 0,
    detail,
    body: Redacted.make("", { label: "body" })
  })

const unstorable = (): LoginFailure =>
  ofProgram("the client of this program failed with an error that cannot be stored")

/** The error of a login that ended by a defect. It has nothing of the defect, which may hold a secret. */
export const defect = (): LoginFailure =>
  ofProgram("the client of this program ended with a defect, which is an error in its code")

/**
 * The text of an error, which can be decoded again. A client of the program may fail with an error whose members have other types than
 * those of the service's. For such an error it gives the text of an error that says so.
 */
export const encode = (error: LoginFailure): Effect.Effect<string> =>
  encodeAny(error).pipe(
    Effect.tap(decode),
    Effect.catchCause(() => Effect.orDie(encodeAny(unstorable())))
  )

/** Whether the service may have issued a token whose response was lost, when a poll of a login ended with this error. */
export const isLost = (error: PollError, wasLost: boolean): boolean => {
  switch (error._tag) {
    case "TokenPossiblyLost":
      return true
    case "DeviceCodeExpired":
      return error.responseLost
    case "TransportError":
      return wasLost || error.sent !== "no"
    case "UnexpectedResponse":
      // such as a 201, or a token from another URL
      return wasLost || (error.status >= 200 && error.status < 300)
    case "AccessDeniedException":
      // the person decided, so no token was issued before
      return false
    default:
      return wasLost
  }
}
