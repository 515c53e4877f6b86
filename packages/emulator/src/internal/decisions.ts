/**
 * The sign-ins as a person sees them, and what a person does to them.
 */
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Authorization from "../Authorization.ts"
import type { From } from "../Authorization.ts"
import type { DecisionProblem } from "../Emulator.ts"
import type * as State from "./state.ts"
import * as Url from "./url.ts"

/** What the state keeps of where a request came from, as a value that has no absent members. */
export const from = (from: State.From | undefined): { readonly from?: From } =>
  from === undefined ? {} : {
    from: {
      ...(from.address === undefined ? {} : { address: from.address }),
      ...(from.userAgent === undefined ? {} : { userAgent: from.userAgent })
    }
  }

const letters = (userCode: string): string => {
  const code = userCode.slice(0, 64).toUpperCase().replace(/[^A-Z]/g, "")
  return `${code.slice(0, 4)}-${code.slice(4)}`
}

export const make = (state: State.State) => {
  type Item = State.DeviceCode | State.Consent

  const status = (item: Item, now: number): Authorization.Status =>
    item.used ? "used" : now >= item.expiresAt ? "expired" : state.decision(item, now) ?? "pending"

  // RFC 6749 sections 4.1.2 and 4.1.2.1
  const location = (consent: State.Consent, status: Authorization.Status): string | undefined => {
    switch (status) {
      case "approved":
        return Url.withQuery(consent.redirectUri, { code: consent.code, state: consent.state })
      case "denied":
        return Url.withQuery(consent.redirectUri, { error: "access_denied", state: consent.state })
      default:
        return undefined
    }
  }

  const common = (item: Item, now: number) => ({
    status: status(item, now),
    clientName: item.client.clientName,
    clientId: item.client.clientId,
    ...from(item.from),
    issuedAt: item.issuedAt,
    expiresAt: item.expiresAt
  })

  const device = (code: State.DeviceCode, now: number): Authorization.DeviceAuthorization => ({
    _tag: "DeviceAuthorization",
    ...common(code, now),
    userCode: code.userCode,
    startUrl: code.startUrl,
    scopes: code.client.scopes
  })

  const consent = (consent: State.Consent, now: number): Authorization.CodeAuthorization => {
    const shared = common(consent, now)
    const to = location(consent, shared.status)
    return {
      _tag: "CodeAuthorization",
      ...shared,
      id: consent.id,
      redirectUri: consent.redirectUri,
      scopes: consent.scopes,
      ...(consent.client.issuerUrl === undefined ? {} : { issuerUrl: consent.client.issuerUrl }),
      ...(to === undefined ? {} : { location: Redacted.make(to, { label: "location" }) })
    }
  }

  const view = (item: Item, now: number): Authorization.Authorization =>
    item._tag === "DeviceCode" ? device(item, now) : consent(item, now)

  const find = (key: string): Result.Result<Item, DecisionProblem> => {
    const item = state.consent(key) ?? state.userCode(letters(key))
    return item === undefined ? Result.fail("unknown") : Result.succeed(item)
  }

  const lookup = (key: string, now: number): Result.Result<Authorization.Authorization, DecisionProblem> =>
    Result.map(find(key), (item) => {
      // a person looks at the question. A browser at `/authorize` always does, so that would say nothing
      if (item._tag === "DeviceCode") state.attend(item, now)
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
    const { consents, deviceCodes } = state.everything(now)
    return [...deviceCodes, ...consents].toSorted((a, b) => a.issuedAt - b.issuedAt).map((item) => view(item, now))
  }

  return { consent, lookup, decide, expire, list }
}
