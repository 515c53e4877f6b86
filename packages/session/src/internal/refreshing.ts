/**
 * A refresh under the lock of its session: from the second look at the store to the stored response.
 */
import * as AccessToken from "@sso-oidc/core/AccessToken"
import * as Wire from "@sso-oidc/core/aws/Wire"
import type * as Refresh from "@sso-oidc/core/Refresh"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Token from "@sso-oidc/core/Token"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as CachedToken from "../CachedToken.ts"
import type { SessionSettings } from "../SessionSettings.ts"
import type * as TokenStore from "../TokenStore.ts"
import * as Life from "./life.ts"
import * as Obstacle from "./obstacle.ts"
import * as Stored from "./stored.ts"

/** What a refresh works with. */
export interface Self {
  readonly store: TokenStore.Service
  readonly settings: SessionSettings
  readonly oidc: SsoOidc.Service
  readonly ages: Life.Ages
  /** The command that logs in. */
  readonly command: string
  /** The longest wait for the lock. */
  readonly wait: Duration.Duration
  /** Keeps a token in memory that could not be stored. */
  readonly keep: (token: CachedToken.CachedToken, instead: CachedToken.CachedToken | undefined) => void
  /** The token that is kept in memory instead of this stored one, or instead of none. `undefined` if nothing is kept for it. */
  readonly keptFor: (stored: CachedToken.CachedToken | undefined) => CachedToken.CachedToken | undefined
}

// After a rejection, another program may still be writing the token that it got.
const rejectionWatch = Duration.seconds(2)
const rejectionPause = Duration.millis(100)

// The members other than the tokens have up to about 2 kB. The room shrinks to what is written.
const spare = 4096

/** The error for what the store holds, if it holds no token. */
export const absence = (
  command: string,
  look: Exclude<Stored.Look, { readonly _tag: "found" }>
): AccessToken.NotLoggedIn =>
  look._tag === "unreadable"
    ? new AccessToken.NotLoggedIn({ reason: "unreadable", command, detail: look.detail })
    : new AccessToken.NotLoggedIn({
      reason: "absent",
      command,
      ...(look._tag === "foreign" ? { detail: "What is stored is the token of another start URL or region" } : {})
    })

/** Whether a token that is stored now makes the refresh of `stale` needless. */
const isNext = Effect.fnUntraced(function*({ ages }: Self, token: CachedToken.CachedToken, stale: string) {
  if (Redacted.value(token.accessToken) === stale) return false
  const left = yield* ages.leftOf(token)
  return left > 0 && !Life.isDue(token, left)
})

/** Looks for the token of another holder, during the wait for the lock. */
const meanwhile = (self: Self, stale: string): Effect.Effect<Option.Option<CachedToken.CachedToken>> =>
  Effect.gen(function*() {
    const look = yield* Stored.look(self.store, self.settings)
    return look._tag === "found" && (yield* isNext(self, look.token, stale)) ? Option.some(look.token) : Option.none()
  }).pipe(Effect.orElseSucceed(() => Option.none()))

// -----------------------------------------------------------------------------
// what a dead holder left
// -----------------------------------------------------------------------------

const isSame = (one: Redacted.Redacted<string> | undefined, other: Redacted.Redacted<string> | undefined): boolean =>
  one !== undefined && other !== undefined && Redacted.value(one) === Redacted.value(other)

const isLater = (one: CachedToken.CachedToken, other: CachedToken.CachedToken): boolean =>
  DateTime.isGreaterThan(one.expiresAt, other.expiresAt)

/** The stored token, or the response that a dead holder wrote and did not put into its place. */
const recover = Effect.fnUntraced(function*(
  self: Self,
  hold: TokenStore.Hold,
  stored: CachedToken.CachedToken,
  marks: ReadonlyArray<TokenStore.Mark>
): Effect.fn.Return<CachedToken.CachedToken> {
  // Without the lock, the other holder may be alive.
  if (!hold.isExclusive || stored.refreshToken === undefined) return stored
  const of = Stored.hashOf(stored.refreshToken)
  for (const mark of marks) {
    if (mark.response === undefined) continue
    const decoded = CachedToken.decode(mark.response)
    if (Result.isFailure(decoded) || !CachedToken.isOf(decoded.success, self.settings)) continue
    const found = decoded.success
    if (mark.of !== of && !(found.clientId === stored.clientId && isLater(found, stored))) continue
    yield* Effect.catch(hold.commit(mark.response), () => Effect.sync(() => self.keep(found, stored)))
    return found
  }
  return stored
})

// -----------------------------------------------------------------------------
// one refresh
// -----------------------------------------------------------------------------

/** How a request ended that brought no token. */
type Failure =
  | { readonly kind: "rejected"; readonly error: AccessToken.SessionEnded }
  | { readonly kind: "unprocessed" | "unknown"; readonly error: AccessToken.Error }

const judge = (command: string, error: Refresh.Error): Failure => {
  const ended = (reason: "grant" | "client"): Failure => ({
    kind: "rejected",
    error: new AccessToken.SessionEnded({
      reason,
      command,
      ...("requestId" in error && error.requestId !== undefined ? { requestId: error.requestId } : {})
    })
  })
  switch (error._tag) {
    case "InvalidGrantException":
      return ended("grant")
    case "InvalidClientException":
    case "UnauthorizedClientException":
      return ended("client")
    case "RequestInvalid":
      return { kind: "unprocessed", error }
    case "TransportError":
      return { kind: error.sent === "no" ? "unprocessed" : "unknown", error }
    case "UnexpectedResponse":
      // A success that cannot be used has the next refresh token in it. A page of a proxy may hide anything.
      return {
        kind: error.status >= 400 && error.status < 500 && error.status !== 408 ? "unprocessed" : "unknown",
        error
      }
    default:
      return { kind: error.status >= 500 ? "unknown" : "unprocessed", error }
  }
}

/** Right before the commit: which token stays. Other programs take no lock. */
const decide = (
  sent: CachedToken.CachedToken,
  received: CachedToken.CachedToken,
  now: Stored.Look,
  isLate: boolean
): "ours" | "theirs" | "none" => {
  // A person logged out, or gave the key to another session.
  if (now._tag === "absent" || now._tag === "foreign") return "none"
  if (now._tag === "unreadable") return "ours"
  const { token } = now
  // A person logged in meanwhile.
  if (token.clientId !== sent.clientId) return "theirs"
  if (isSame(token.refreshToken, sent.refreshToken)) return "ours"
  // A process that stood still received its token late. Its expiry says nothing, and a person may have logged in meanwhile.
  return !isLate && isLater(received, token) ? "ours" : "theirs"
}

/** The token of another program that appears after the service rejected ours. */
const appears = (self: Self, sent: CachedToken.CachedToken): Effect.Effect<CachedToken.CachedToken | undefined> =>
  Effect.gen(function*() {
    const end = (yield* Life.monotonic) + Duration.toMillis(rejectionWatch)
    while (true) {
      const look = yield* Effect.orElseSucceed(
        Stored.look(self.store, self.settings),
        (): Stored.Look => ({ _tag: "absent" })
      )
      if (
        look._tag === "found" && !isSame(look.token.accessToken, sent.accessToken) &&
        (yield* self.ages.leftOf(look.token)) > 0
      ) return look.token
      if ((yield* Life.monotonic) >= end) return undefined
      yield* Effect.sleep(rejectionPause)
    }
  })

/** What a holder brought: a token, or a token that it could not store, because it lost its lock. */
type Brought =
  | { readonly _tag: "done"; readonly token: CachedToken.CachedToken }
  | { readonly _tag: "fenced"; readonly sent: CachedToken.CachedToken; readonly received: CachedToken.CachedToken }

const done = (token: CachedToken.CachedToken): Brought => ({ _tag: "done", token })

/** Stores what arrived, unless another program has stored something better meanwhile. */
const store = Effect.fnUntraced(function*(
  self: Self,
  hold: TokenStore.Hold,
  sent: CachedToken.CachedToken,
  received: CachedToken.CachedToken,
  isLate = false
): Effect.fn.Return<Brought, AccessToken.NotLoggedIn> {
  const now = yield* Effect.orElseSucceed(
    Stored.look(self.store, self.settings),
    (): Stored.Look => ({ _tag: "found", token: sent })
  )
  const verdict = decide(sent, received, now, isLate)
  if (verdict !== "ours" && sent.refreshToken !== undefined) {
    yield* Effect.ignore(hold.settle(Stored.hashOf(sent.refreshToken), undefined))
  }
  if (now._tag === "found" && verdict === "theirs") return done(now.token)
  if (now._tag !== "found" && verdict === "none") return yield* absence(self.command, now)
  return yield* hold.commit(CachedToken.encode(received)).pipe(
    // A connection that was dropped is made again. A commit can be repeated.
    Effect.retry({ times: 2, while: (error) => error.reason === "unavailable" }),
    Effect.as(done(received)),
    Effect.catch((error) => {
      if (error.reason === "fenced") return Effect.succeed<Brought>({ _tag: "fenced", sent, received })
      self.keep(received, now._tag === "found" ? now.token : sent)
      return Effect.as(
        Effect.logWarning(`A new token could not be stored. This process keeps it. ${error.message}`),
        done(received)
      )
    })
  )
})

const refreshed = Effect.fnUntraced(function*(
  self: Self,
  hold: TokenStore.Hold,
  stale: string
): Effect.fn.Return<Brought, AccessToken.Error> {
  const look = yield* Stored.look(self.store, self.settings)
  const stored = look._tag === "found" ? look.token : undefined
  if (stored !== undefined && (yield* isNext(self, stored, stale))) return done(stored)
  const kept = self.keptFor(stored)
  const known = kept ?? (look._tag === "found" ? look.token : yield* absence(self.command, look))
  // The refresh token in the store was used. If the kept one still cannot be stored, nothing is sent.
  if (kept !== undefined) yield* hold.commit(CachedToken.encode(kept))
  const marks = yield* self.store.marks(self.settings.key)
  const sent = yield* recover(self, hold, known, marks)
  if (yield* isNext(self, sent, stale)) return done(sent)

  const { command } = self
  const detail = yield* Obstacle.obstacle(self, sent)
  const registration = CachedToken.registrationOf(sent, {
    scopes: self.settings.scopes ?? [],
    region: self.settings.region,
    endpoint: self.oidc.endpoint
  })
  if (detail !== undefined || registration === undefined || sent.refreshToken === undefined) {
    return yield* new AccessToken.NotLoggedIn({
      reason: "expired",
      command,
      ...(detail === undefined ? {} : { detail })
    })
  }
  const of = Stored.hashOf(sent.refreshToken)
  const before = marks.find((mark) => mark.of === of)?.state
  if (before === "ended") return yield* new AccessToken.SessionEnded({ reason: "grant", command })
  if (before === "lost") return yield* new AccessToken.SessionPossiblyLost({ command })

  const request: Token.Refreshable = {
    accessToken: sent.accessToken,
    tokenType: "Bearer",
    refreshToken: sent.refreshToken,
    registration
  }
  // From here to the stored response, nothing interrupts. The limit of the request bounds it.
  return yield* Effect.uninterruptibleMask((restore) =>
    Effect.gen(function*() {
      // A step that failed may have left its mark, but nothing was sent.
      yield* Effect.tapError(hold.prepare(of, roomFor(sent)), () => Effect.ignore(hold.settle(of, before)))
      // a fiber of its own, so that the limit of the request can end it
      const sending = yield* Effect.forkDetach(
        Effect.provideService(Token.refresh(request), SsoOidc.SsoOidc, self.oidc),
        { startImmediately: true }
      )
      const exit = yield* Fiber.await(sending)
      if (Exit.isSuccess(exit)) {
        const now = DateTime.makeUnsafe(yield* Clock.currentTimeMillis)
        return yield* store(self, hold, sent, CachedToken.fromToken(exit.value, self.settings, now, sent))
      }
      const error = Exit.findErrorOption(exit)
      // a defect of a transport: it is not known what was sent
      if (Option.isNone(error)) return yield* Effect.failCause(exit.cause).pipe(Effect.orDie)
      const failure = judge(command, error.value)
      if (failure.kind !== "rejected") {
        const after = failure.kind === "unknown" ? "sent" : before
        yield* Effect.ignore(hold.settle(of, after))
        return yield* failure.error
      }
      const isLost = before === "sent" && failure.error.reason === "grant"
      // Before the wait, so that no process sends the rejected token again after a death or an interruption in it.
      yield* Effect.ignore(hold.settle(of, isLost ? "lost" : "ended"))
      const other = yield* restore(appears(self, sent))
      if (other !== undefined) {
        yield* Effect.ignore(hold.settle(of, undefined))
        return done(other)
      }
      if (!isLost) return yield* failure.error
      const { requestId } = failure.error
      return yield* new AccessToken.SessionPossiblyLost({ command, ...(requestId === undefined ? {} : { requestId }) })
    })
  )
})

/** Room for a response whose tokens are as long again as those that it replaces. */
const roomFor = (token: CachedToken.CachedToken): number =>
  2 * new TextEncoder().encode(Redacted.value(CachedToken.encode(token))).length + spare

/**
 * Refreshes the session's token, alone among all that share its store. `stale` is the access token to replace. If the store holds another
 * fresh token, it is given, and nothing is sent.
 */
export const run = (self: Self, stale: string): Effect.Effect<CachedToken.CachedToken, AccessToken.Error> =>
  self.store.exclusively(
    self.settings.key,
    (hold) => refreshed(self, hold, stale),
    { wait: self.wait, meanwhile: Effect.map(meanwhile(self, stale), Option.map(done)) }
  ).pipe(
    // The lock was lost before a request. A response that cannot be stored is no error here.
    Effect.retry({ times: 1, while: (error) => error._tag === "StoreError" && error.reason === "fenced" }),
    Effect.flatMap((brought) =>
      brought._tag === "done" ? Effect.succeed(brought.token) : storeLate(self, brought.sent, brought.received)
    ),
    Wire.withSpan("Session.refresh")
  )

/** Tries to store the token that is kept in memory. A failure is no error: the next try comes later. */
export const storeKept = (self: Self): Effect.Effect<void> =>
  Effect.ignore(self.store.exclusively(
    self.settings.key,
    Effect.fnUntraced(function*(hold) {
      const look = yield* Stored.look(self.store, self.settings)
      const kept = self.keptFor(look._tag === "found" ? look.token : undefined)
      if (kept !== undefined) yield* hold.commit(CachedToken.encode(kept))
    }),
    { wait: Duration.seconds(1) }
  ))

/** A process that stood still lost its lock while it had the response. It takes the lock again, and stores the token if it is still the best. */
const storeLate = (
  self: Self,
  sent: CachedToken.CachedToken,
  received: CachedToken.CachedToken
): Effect.Effect<CachedToken.CachedToken, AccessToken.Error> =>
  Effect.uninterruptible(
    self.store.exclusively(self.settings.key, (hold) => store(self, hold, sent, received, true), { wait: self.wait })
      .pipe(
        Effect.catchTags({
          StoreBusy: () => Effect.succeed<Brought>({ _tag: "fenced", sent, received }),
          StoreError: () => Effect.succeed<Brought>({ _tag: "fenced", sent, received })
        }),
        Effect.map((brought) => {
          if (brought._tag === "done") return brought.token
          self.keep(received, sent)
          return received
        })
      )
  )
