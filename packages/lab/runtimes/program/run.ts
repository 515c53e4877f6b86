/**
 * What each runtime runs over each transport: the contract, and a whole device login. It is plain Effect, so that it
 * runs on all of them.
 */
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as DeviceGrant from "@sso-oidc/device-grant/DeviceGrant"
import * as ContractServer from "@sso-oidc/testing/contract/ContractServer"
import * as TransportContract from "@sso-oidc/testing/contract/TransportContract"
import type { GuaranteeName } from "@sso-oidc/testing/contract/TransportGuarantee"
import * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type { Profile } from "../columns.ts"
import { startUrl } from "./login.ts"

/** Where the servers are. A transport that needs one of its own, such as a relay, finds it here. */
export interface Servers {
  /** What the contract's `layerRemote` takes. */
  readonly contract: string
  readonly emulator: string
  /** Where the relay is mounted, on an origin of its own. */
  readonly relay: string
}

/** What a program is told, as JSON. */
export interface Task extends Servers {
  readonly transport: string
  readonly profile: Profile
}

/** The transports that a runtime has. Functions, for those that need a server's URL. */
export type Transports = Readonly<Record<string, (servers: Servers) => Layer.Layer<HttpClient.HttpClient>>>

/** What a program tells, as JSON. */
export interface Told {
  readonly outcomes: ReadonlyArray<{
    readonly guarantee: GuaranteeName
    readonly verdict: TransportContract.Outcome["verdict"]
    readonly why: string
  }>
  /** Why the login failed; empty when it did not. */
  readonly login: string
}

const login = (task: Task, transport: Layer.Layer<HttpClient.HttpClient>) =>
  DeviceGrant.login({ clientName: "runtimes", startUrl }).pipe(
    Effect.provide(
      SsoOidc.layer({ region: "eu-west-1", endpoint: task.profile === "none" ? undefined : task.emulator }).pipe(
        Layer.provide(transport)
      )
    ),
    Effect.match({
      onFailure: (error) => error.message,
      onSuccess: ({ accessToken }) => Redacted.value(accessToken) === "" ? "the token is empty" : ""
    })
  )

export const run = (transports: Transports, task: Task): Promise<Told> =>
  Effect.runPromise(Effect.gen(function*() {
    const transport = transports[task.transport]?.(task)
    if (transport === undefined) return yield* Effect.die(new Error(`no transport ${task.transport} here`))
    const guarantees = task.profile === "fetchGuarantees"
      ? TransportContract.fetchGuarantees
      : TransportContract.socketGuarantees
    const outcomes = task.profile === "none"
      ? []
      : yield* TransportContract.run({ transport, guarantees }).pipe(
        Effect.provide(ContractServer.layerRemote(task.contract))
      )
    return {
      outcomes: outcomes.map(({ guarantee, verdict, violation }) => ({
        guarantee,
        verdict,
        why: violation === undefined ? "" : `${violation.case}: expected ${violation.expected}, but ${violation.actual}`
      })),
      login: yield* login(task, transport)
    }
  }))
