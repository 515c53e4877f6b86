import { assert, describe, it } from "@effect/vitest"
import * as ClientError from "@sso-oidc/core/aws/ClientError"
import type * as CreateToken from "@sso-oidc/core/CreateToken"
import * as SsoOidcError from "@sso-oidc/core/SsoOidcError"
import type { PendingAuthorization } from "@sso-oidc/device-grant/PendingAuthorization"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Decision from "../../src/internal/decision.ts"

const begin = 1_000_000

const state = (more: Partial<PendingAuthorization> = {}): PendingAuthorization => ({
  version: 1,
  registration: {
    clientId: "c",
    clientSecret: Redacted.make("s"),
    expiresAt: DateTime.makeUnsafe(begin * 100),
    scopes: [],
    region: "eu-west-1",
    endpoint: "https://oidc.eu-west-1.amazonaws.com"
  },
  deviceCode: Redacted.make("d"),
  userCode: "AAAA-BBBB",
  verificationUri: "https://device.example/",
  expiresAt: DateTime.makeUnsafe(begin + 600_000),
  interval: Duration.seconds(5),
  failures: 0,
  responseLost: false,
  nextPollAt: DateTime.makeUnsafe(begin + 5000),
  wait: Duration.seconds(5),
  ...more
})

const at = (now: number, more: Partial<Decision.Circumstances> = {}): Decision.Circumstances => ({
  now,
  untilDeadline: begin + 600_000 - now,
  random: 0,
  policy: { cap: Duration.seconds(60), jitter: 0 },
  ...more
})

const refused = new ClientError.TransportError({
  operation: "CreateToken",
  sent: "no",
  code: "ECONNREFUSED",
  transient: true
})
const exception = { status: 400, error: "e" }
const pending = new SsoOidcError.AuthorizationPendingException(exception)
const slowDown = new SsoOidcError.SlowDownException(exception)

/** Each kind of error that a poll can have. */
const errorsWith = (status: number, retryAfter: number): ReadonlyArray<CreateToken.Error> => {
  const detail = { status, error: "e", ...(retryAfter > 0 ? { retryAfter } : {}) }
  return [
    new SsoOidcError.AccessDeniedException(detail),
    new SsoOidcError.AuthorizationPendingException(detail),
    new SsoOidcError.ExpiredTokenException(detail),
    new SsoOidcError.InternalServerException(detail),
    new SsoOidcError.InvalidClientException(detail),
    new SsoOidcError.InvalidGrantException(detail),
    new SsoOidcError.InvalidRequestException(detail),
    new SsoOidcError.InvalidScopeException(detail),
    new SsoOidcError.SlowDownException(detail),
    new SsoOidcError.UnauthorizedClientException(detail),
    new SsoOidcError.UnsupportedGrantTypeException(detail),
    refused,
    new ClientError.TransportError({ operation: "CreateToken", sent: "maybe", code: "ECONNRESET", transient: true }),
    new ClientError.TransportError({
      operation: "CreateToken",
      sent: "answered",
      code: "ABORTED",
      transient: true,
      status
    }),
    new ClientError.TransportError({ operation: "CreateToken", sent: "no", code: "CERT", transient: false }),
    new ClientError.UnexpectedResponse({
      operation: "CreateToken",
      problem: "status",
      status,
      body: Redacted.make(""),
      ...(retryAfter > 0 ? { retryAfter } : {})
    }),
    new ClientError.RequestInvalid({ operation: "CreateToken", detail: "d" })
  ]
}

const Status = Schema.Literals([200, 201, 302, 400, 401, 403, 404, 408, 429, 500, 502, 503, 599])
const Natural = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum }))

describe("the decision after a poll", () => {
  it.prop(
    "for any response the next poll is after the interval and Retry-After, and before the deadline (D1, D2, D3, D4)",
    [Natural(100), Natural(40), Natural(700), Natural(100), Status, Natural(1000), Schema.Boolean],
    ([interval, failures, after, chance, status, retryAfter, responseLost]) => {
      const before = state({ interval: Duration.seconds(interval + 1), failures, responseLost })
      const now = begin + after * 1000
      const policy = { cap: Duration.seconds(60), jitter: 0.5 }
      for (const error of errorsWith(status, retryAfter)) {
        const decision = Decision.decide(before, Result.fail(error), at(now, { random: chance / 101, policy }))
        if (decision._tag !== "Waiting") continue
        const { pending } = decision
        const gap = Duration.toMillis(pending.wait)
        assert.isAtLeast(gap, Duration.toMillis(before.interval))
        assert.isAtLeast(gap, Duration.toMillis(pending.interval))
        if (decision.reason !== "pending" && "retryAfter" in error && error.retryAfter !== undefined) {
          assert.isAtLeast(gap, error.retryAfter * 1000)
        }
        assert.closeTo(DateTime.toEpochMillis(pending.nextPollAt), now + gap, 1)
        assert.isBelow(now + gap, DateTime.toEpochMillis(pending.expiresAt))
        assert.isAtLeast(Duration.toMillis(pending.interval), Duration.toMillis(before.interval))
        assert.strictEqual(pending.failures, decision.reason === "trouble" ? failures + 1 : 0)
        assert.strictEqual(pending.deviceCode, before.deviceCode)
        assert.strictEqual(pending.expiresAt, before.expiresAt)
      }
    }
  )

  it.prop(
    "a response counts as lost until the next authorization_pending (D5)",
    [Status, Schema.Boolean],
    ([status, responseLost]) => {
      for (const error of errorsWith(status, 0)) {
        const decision = Decision.decide(state({ responseLost }), Result.fail(error), at(begin))
        if (decision._tag === "Waiting") {
          const acted = error._tag === "TransportError" ? error.sent !== "no" : "status" in error && status >= 500
          assert.strictEqual(
            decision.pending.responseLost,
            decision.reason === "pending" ? false : responseLost || acted,
            error._tag
          )
        } else if (decision._tag === "Ended" && error._tag === "InvalidGrantException") {
          assert.strictEqual(decision.error._tag, responseLost ? "TokenPossiblyLost" : "InvalidGrantException")
        }
      }
    }
  )

  it.prop(
    "the back-off is min(cap, interval × 2^n), and never below the interval (D3)",
    [Natural(120), Natural(2000)],
    ([
      interval,
      failures
    ]) => {
      const before = state({
        interval: Duration.seconds(interval + 1),
        failures,
        expiresAt: DateTime.makeUnsafe(begin * 1000)
      })
      const decision = Decision.decide(before, Result.fail(refused), at(begin))
      if (decision._tag !== "Waiting") return assert.fail(decision._tag)
      const base = interval + 1
      assert.strictEqual(
        Duration.toSeconds(decision.pending.wait),
        Math.max(base, Math.min(60, base * 2 ** (failures + 1)))
      )
    }
  )

  it("slow_down adds 5 s to the interval, and authorization_pending keeps the interval (D2)", () => {
    let now = state()
    for (const expected of [10, 15, 20]) {
      const slowed = Decision.decide(now, Result.fail(slowDown), at(begin))
      if (slowed._tag !== "Waiting") return assert.fail(slowed._tag)
      const kept = Decision.decide(slowed.pending, Result.fail(pending), at(begin))
      if (kept._tag !== "Waiting") return assert.fail(kept._tag)
      assert.strictEqual(Duration.toSeconds(kept.pending.wait), expected)
      now = kept.pending
    }
  })

  it("a poll that would be sent exactly at the deadline is not sent (D4)", () => {
    const end = begin + 600_000
    const fits = Decision.decide(state(), Result.fail(pending), at(end - 5001))
    assert.strictEqual(fits._tag, "Waiting")
    const late = Decision.decide(state(), Result.fail(pending), at(end - 5000))
    assert.strictEqual(late._tag === "Ended" ? late.error._tag : late._tag, "DeviceCodeExpired")
  })

  it("the last failure is kept until the next authorization_pending (D4)", () => {
    const troubled = Decision.decide(state(), Result.fail(refused), at(begin))
    if (troubled._tag !== "Waiting") return assert.fail(troubled._tag)
    assert.strictEqual(troubled.pending.lastTrouble?.code, "ECONNREFUSED")
    const slowed = Decision.decide(troubled.pending, Result.fail(slowDown), at(begin))
    if (slowed._tag !== "Waiting") return assert.fail(slowed._tag)
    assert.strictEqual(slowed.pending.lastTrouble?.code, "ECONNREFUSED")
    assert.strictEqual(slowed.pending.failures, 0)
    const calm = Decision.decide(slowed.pending, Result.fail(pending), at(begin))
    if (calm._tag !== "Waiting") return assert.fail(calm._tag)
    assert.notProperty(calm.pending, "lastTrouble")
  })

  it("the message of DeviceCodeExpired says if polls failed and if a response was lost (D4)", () => {
    const said = (more: Partial<PendingAuthorization>) => Decision.expired(state(more), "clock").message
    const lastTrouble = { error: "TransportError", message: "reset." }
    assert.match(said({}), /before the person approved it\. Start/)
    assert.match(said({ failures: 2, lastTrouble }), /while no response came from the service\. The last .* reset\./)
    const lost = said({ responseLost: true, lastTrouble })
    assert.notInclude(lost, "before the person approved")
    assert.match(lost, /may have been issued\. The last poll that failed: reset\./)
  })

  it("a 200 from another URL is UnexpectedResponse, not TokenPossiblyLost (D5)", () => {
    const elsewhere = new ClientError.UnexpectedResponse({
      operation: "CreateToken",
      problem: "redirect",
      status: 200,
      body: Redacted.make("")
    })
    const decision = Decision.decide(state(), Result.fail(elsewhere), at(begin))
    assert.strictEqual(decision._tag === "Ended" ? decision.error : decision._tag, elsewhere)
  })

  it("the wait is at least the Retry-After of a response that was cut off (D3)", () => {
    const cutOff = new ClientError.TransportError({
      operation: "CreateToken",
      sent: "answered",
      code: "ABORTED",
      transient: true,
      status: 503,
      retryAfter: 120
    })
    const decision = Decision.decide(state(), Result.fail(cutOff), at(begin))
    if (decision._tag !== "Waiting") return assert.fail(decision._tag)
    assert.strictEqual(Duration.toSeconds(decision.pending.wait), 120)
  })

  it("the last failure has the error, and the status and request id of its response (D4)", () => {
    const troubleOf = (error: CreateToken.Error) => {
      const decision = Decision.decide(state(), Result.fail(error), at(begin))
      return decision._tag === "Waiting" ? decision.pending.lastTrouble : assert.fail(decision._tag)
    }
    const cutOff = new ClientError.TransportError({
      operation: "CreateToken",
      sent: "answered",
      code: "ABORTED",
      transient: true,
      status: 200,
      requestId: "r1"
    })
    assert.deepStrictEqual(troubleOf(cutOff), {
      error: "TransportError",
      message: cutOff.message,
      sent: "answered",
      code: "ABORTED",
      status: 200,
      requestId: "r1"
    })
    assert.deepStrictEqual(troubleOf(refused), {
      error: "TransportError",
      message: refused.message,
      sent: "no",
      code: "ECONNREFUSED"
    })
    const failed = new SsoOidcError.InternalServerException({ status: 500, error: "server_error", requestId: "r2" })
    assert.deepStrictEqual(troubleOf(failed), {
      error: "InternalServerException",
      message: failed.message,
      status: 500,
      requestId: "r2"
    })
  })

  it("markInFlight records the failure Interrupted (D8)", () => {
    const { lastTrouble } = Decision.markInFlight(state(), at(begin + 5000))
    assert.strictEqual(lastTrouble?.error, "Interrupted")
    assert.include(lastTrouble?.message, "ended before the response came")
  })

  it("markInFlight records no lost response if it is too early or too late to poll (D8)", () => {
    const early = Decision.markInFlight(state(), at(begin + 1000))
    assert.deepStrictEqual(early, state({ deviceCode: early.deviceCode, registration: early.registration }))
    const late = state()
    assert.strictEqual(Decision.markInFlight(late, at(begin + 600_000)), late)
  })

  it("the reason of a wait follows from the response (D7)", () => {
    const reasons = [pending, slowDown, refused].map((error) => {
      const decision = Decision.decide(state(), Result.fail(error), at(begin))
      return decision._tag === "Waiting" ? decision.reason : decision._tag
    })
    assert.deepStrictEqual(reasons, ["pending", "slowedDown", "trouble"])
  })

  it("a token has the members of the response, and no other members", () => {
    const accessToken = Redacted.make("a")
    const tokenOf = (response: CreateToken.Response) => {
      const decision = Decision.decide(state(), Result.succeed(response), at(begin))
      return decision._tag === "Approved" ? decision.token : assert.fail(decision._tag)
    }
    const { registration } = state()
    const bare = tokenOf({ accessToken, tokenType: "Bearer" })
    assert.deepStrictEqual(Object.keys(bare).sort(), ["accessToken", "registration", "tokenType"])
    const refreshToken = Redacted.make("r")
    const idToken = Redacted.make("i")
    const full = tokenOf({ accessToken, tokenType: "Bearer", expiresIn: 60, refreshToken, idToken })
    assert.strictEqual(full.refreshToken, refreshToken)
    assert.strictEqual(full.idToken, idToken)
    assert.strictEqual(full.expiresAt && DateTime.toEpochMillis(full.expiresAt), begin + 60_000)
    assert.deepStrictEqual(full.registration.clientId, registration.clientId)
  })

  it("the rest of a wait is at least 0 and at most the wait, at any time of the clock (D8)", () => {
    for (
      const [now, expected] of [[begin, 5000], [begin + 4000, 1000], [begin + 5000, 0], [begin + 9000, 0], [0, 5000]]
    ) {
      assert.strictEqual(Decision.waitLeft(state(), now ?? 0), expected)
    }
  })

  it("the errors and the last failure have no code, URL or secret (C6)", () => {
    const secretive = state({
      deviceCode: Redacted.make("DEVICE-SECRET"),
      userCode: "USER-CODE",
      verificationUri: "https://device.example/PLACE"
    })
    for (const status of Status.literals) {
      for (const error of errorsWith(status, 0)) {
        const decision = Decision.decide(secretive, Result.fail(error), at(begin + 599_000))
        if (decision._tag !== "Ended") continue
        const shown = `${decision.error.message}${JSON.stringify(decision.error)}${decision.error.stack}`
        for (const word of ["DEVICE-SECRET", "USER-CODE", "PLACE"]) assert.notInclude(shown, word)
      }
    }
  })
})

describe("the Waiting event", () => {
  const told = (error: CreateToken.Error, more: Partial<PendingAuthorization> = {}) => {
    const decision = Decision.decide(state(more), Result.fail(error), at(begin))
    return decision._tag === "Waiting" ? decision : assert.fail(decision._tag)
  }

  it("has the failure of its own poll, and not of an earlier poll (D7)", () => {
    const lastTrouble = { error: "TransportError", message: "An earlier one." }
    assert.strictEqual(told(refused, { lastTrouble }).trouble?.error, "TransportError")
    assert.notStrictEqual(told(refused, { lastTrouble }).trouble?.message, lastTrouble.message)
    assert.notProperty(told(slowDown, { lastTrouble }), "trouble")
    assert.notProperty(told(pending, { lastTrouble }), "trouble")
  })

  it("has advice only after two slow_down in a row (D11)", () => {
    assert.notProperty(told(slowDown), "advice")
    assert.property(told(slowDown, { slowDowns: 1 }), "advice")
    assert.notProperty(told(pending, { slowDowns: 5 }), "advice")
    assert.notProperty(told(refused, { slowDowns: 5 }), "advice")
  })
})

describe("a back-off policy with unusable values", () => {
  const waitBy = (policy: Decision.Circumstances["policy"], failures = 0) => {
    const decision = Decision.decide(state({ failures }), Result.fail(refused), at(begin, { policy, random: 1 }))
    return decision._tag === "Waiting" ? Duration.toMillis(decision.wait) : assert.fail(decision._tag)
  }

  it.each([NaN, -1, -Infinity, Infinity])("a jitter of %d does not lengthen the wait (D3)", (jitter) => {
    assert.strictEqual(waitBy({ cap: "60 seconds", jitter }), 10_000)
  })

  it("a cap that is no duration counts as 60 seconds (D3)", () => {
    const policy: Decision.Circumstances["policy"] = JSON.parse(`{"cap":"soon","jitter":0}`)
    assert.strictEqual(waitBy(policy), 10_000)
    assert.strictEqual(waitBy(policy, 9), 60_000)
  })
})
