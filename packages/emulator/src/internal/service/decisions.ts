/**
 * Shows the authorizations, and decides on them as a person does.
 */
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Authorization from "../../Authorization.ts"
import type { DecisionProblem } from "../../EmulatorError.ts"
import * as RedirectUri from "./redirectUri.ts"
import type * as State from "./state.ts"

const letters = (userCode: string): string => {
  const code = userCode.slice(0, 64).toUpperCase().replace(/[^A-Z]/g, "")
  return `${code.slice(0, 4)}-${code.slice(4)}`
}

export const make = (state: State.State) => {
  type Item = State.DeviceAuthorization | State.CodeAuthorization

  const status = (item: Item, now: number): Authorization.Status =>
    item.used ? "used" : now >= item.expiresAt ? "expired" : state.decision(item, now) ?? "pending"

  // RFC 6749 sections 4.1.2 and 4.1.2.1
  const location = (authorization: State.CodeAuthorization, status: Authorization.Status): string | undefined => {
    switch (status) {
      case "approved":
        return RedirectUri.withQuery(authorization.redirectUri, {
          code: authorization.code,
          state: authorization.state
        })
      case "denied":
        return RedirectUri.withQuery(authorization.redirectUri, { error: "access_denied", state: authorization.state })
      default:
        return undefined
    }
  }

  const common = (item: Item, now: number) => ({
    status: status(item, now),
    clientName: item.client.clientName,
    clientId: item.client.clientId,
    ...(item.requester === undefined ? {} : { requester: item.requester }),
    issuedAt: item.issuedAt,
    expiresAt: item.expiresAt
  })

  const device = (authorization: State.DeviceAuthorization, now: number): Authorization.DeviceAuthorization => ({
    _tag: "DeviceAuthorization",
    ...common(authorization, now),
    userCode: authorization.userCode,
    startUrl: authorization.startUrl,
    scopes: authorization.client.scopes
  })

  const code = (authorization: State.CodeAuthorization, now: number): Authorization.CodeAuthorization => {
    const { client, id, redirectUri, scopes } = authorization
    const shared = common(authorization, now)
    const to = location(authorization, shared.status)
    return {
      _tag: "CodeAuthorization",
      ...shared,
      id,
      redirectUri,
      scopes,
      ...(client.issuerUrl === undefined ? {} : { issuerUrl: client.issuerUrl }),
      ...(to === undefined ? {} : { location: Redacted.make(to, { label: "location" }) })
    }
  }

  const view = (item: Item, now: number): Authorization.Authorization =>
    item._tag === "DeviceAuthorization" ? device(item, now) : code(item, now)

  const find = (key: string): Result.Result<Item, DecisionProblem> => {
    const item = state.byId(key) ?? state.byUserCode(letters(key))
    return item === undefined ? Result.fail("unknown") : Result.succeed(item)
  }

  const lookup = (key: string, now: number): Result.Result<Authorization.Authorization, DecisionProblem> =>
    Result.map(find(key), (item) => {
      // A person looks at the question. A browser at `/authorize` always does, so that does not count
      if (item._tag === "DeviceAuthorization") state.attend(item, now)
      return view(item, now)
    })

  const decide = (
    key: string,
    decision: "approved" | "denied",
    now: number
  ): Result.Result<Authorization.Authorization, DecisionProblem> =>
    Result.flatMap(find(key), (item) => {
      const current = status(item, now)
      if (current !== "pending" && current !== decision) return Result.fail(current)
      item.decision = decision
      state.attend(item, now)
      return Result.succeed(view(item, now))
    })

  const expire = (key: string, now: number): Result.Result<Authorization.Authorization, DecisionProblem> =>
    Result.flatMap(find(key), (item) => {
      if (item.used) return Result.fail("used")
      item.expiresAt = Math.min(item.expiresAt, now)
      return Result.succeed(view(item, now))
    })

  const list = (now: number): ReadonlyArray<Authorization.Authorization> => {
    const { codeAuthorizations, deviceAuthorizations } = state.everything(now)
    return [...deviceAuthorizations, ...codeAuthorizations].toSorted((a, b) => a.issuedAt - b.issuedAt)
      .map((item) => view(item, now))
  }

  return { code, lookup, decide, expire, list }
}
