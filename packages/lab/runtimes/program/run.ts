/**
 * What each runtime runs over each transport: the contract, and a whole device login. It is plain Effect, so it runs on all of
 * them.
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

/** The addresses of the servers. A transport that needs its own server, such as a relay, finds it here. */
export interface Servers {
  /** The URL for the contract's `layerRemote`. */
  readonly contract: string
  readonly emulator: string
  /** The URL of the relay, on its own origin. */
  readonly relay: string
}

/** The task of a program, as JSON. */
export interface Task extends Servers {
  readonly transport: string
  readonly profile: Profile
}

/** The transports of a runtime. They are functions, because some need a server's URL. */
export type Transports = Readonly<Record<string, (servers: Servers) => Layer.Layer<HttpClient.HttpClient>>>

/** The result of a program, as JSON. */
export interface Told {
  readonly outcomes: ReadonlyArray<{
    readonly guarantee: GuaranteeName
    readonly verdict: TransportContract.Outcome["verdict"]
    readonly why: string
  }>
  /** The reason why the login failed, or an empty text. */
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
