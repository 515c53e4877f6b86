import { assert, describe, it } from "@effect/vitest"
import * as AccessToken from "@sso-oidc/core/AccessToken"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { inspect } from "node:util"

const command = "aws sso login --profile dev"

const errors = [
  [
    new AccessToken.NotLoggedIn({ reason: "absent", command }),
    "This session is not logged in: no token is stored. Run: aws sso login --profile dev"
  ],
  [
    new AccessToken.NotLoggedIn({ reason: "unreadable", command, detail: "it is not a JSON object" }),
    "This session is not logged in: the stored token cannot be read: it is not a JSON object. Run: aws sso login --profile dev"
  ],
  [
    new AccessToken.NotLoggedIn({ reason: "expired", command, detail: "There is no refresh token" }),
    "This session is no longer logged in: the stored token has expired and cannot be refreshed. There is no refresh token. " +
    "Run: aws sso login --profile dev"
  ],
  [
    new AccessToken.SessionEnded({ reason: "grant", command, requestId: "7b5e" }),
    "This session has ended: the service no longer accepts its refresh token (request 7b5e). Run: aws sso login --profile dev"
  ],
  [
    new AccessToken.SessionEnded({ reason: "portal", command }),
    "This session has ended: the portal rejected its access token. Run: aws sso login --profile dev"
  ],
  [
    new AccessToken.SessionPossiblyLost({ command }),
    "This session is possibly lost: the response to an earlier refresh did not arrive, and the service no longer accepts the " +
    "refresh token. The session may live on at the service without a token here. Run: aws sso login --profile dev"
  ],
  [
    new AccessToken.StoreError({
      store: "AWS cache",
      key: "d033e22ae348aeb5660fc2140aec35850c4da997",
      operation: "prepare",
      reason: "unavailable",
      detail: "the disk is full",
      code: "ENOSPC"
    }),
    "The AWS cache store cannot be written (ENOSPC): the disk is full. Nothing was sent. Mend the store, and try again."
  ],
  [
    new AccessToken.StoreError({
      store: "Redis",
      operation: "commit",
      reason: "fenced",
      detail: "the lease has ended"
    }),
    "The Redis store took the lock from this process: the lease has ended. Nothing was stored. Try again."
  ],
  [
    new AccessToken.StoreError({
      store: "SQL",
      operation: "read",
      reason: "unreadable",
      detail: "another key sealed it"
    }),
    "What the SQL store holds cannot be read: another key sealed it. Log in again, and a new token takes its place."
  ],
  [
    new AccessToken.StoreBusy({ store: "AWS cache", key: "d033e22ae348aeb5660fc2140aec35850c4da997", seconds: 35 }),
    "The session's lock in the AWS cache store was not free for 35 seconds. Another process holds it (record " +
    "d033e22ae348aeb5660fc2140aec35850c4da997), and may be stopped or in a debugger. End that process, or try again."
  ]
] as const

const AnyError = Schema.Union([
  AccessToken.NotLoggedIn,
  AccessToken.SessionEnded,
  AccessToken.SessionPossiblyLost,
  AccessToken.StoreError,
  AccessToken.StoreBusy
])

describe("AccessToken: its errors", () => {
  for (const [error, message] of errors) {
    it.effect(`${error._tag}: says what failed, why, and what to do, also where it is encoded and shown (S21)`, () =>
      Effect.gen(function*() {
        assert.strictEqual(error.message, message)
        assert.include(inspect(error), message)
        const json = yield* Schema.encodeEffect(Schema.fromJsonString(AnyError))(error)
        const decoded = yield* Schema.decodeEffect(Schema.fromJsonString(AnyError))(json)
        assert.strictEqual(decoded.message, message)
        assert.strictEqual(decoded._tag, error._tag)
      }))
  }
})
