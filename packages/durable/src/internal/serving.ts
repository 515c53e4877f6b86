/**
 * The service `Logins`: what it does beside driving.
 */
import type * as Sealer from "@sso-oidc/core/Sealer"
import type * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { WorkflowEngine } from "effect/workflow/WorkflowEngine"
import type { ClientOptions, Options, Service } from "../Logins.ts"
import type { LoginStore } from "../LoginStore.ts"

type Services = WorkflowEngine | LoginStore | Sealer.Sealer | SsoOidc.SsoOidc

export const driving = (_options: Options): Effect.Effect<Service, never, Services | Scope.Scope> =>
  Effect.die("the frame has no body yet")

export const client = (_options: ClientOptions): Effect.Effect<Service, never, Services | Scope.Scope> =>
  Effect.die("the frame has no body yet")
