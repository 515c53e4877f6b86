/**
 * The routes as a Cloudflare Worker, with a Durable Object for each login.
 */
import * as Environment from "@sso-oidc/core/aws/Environment"
import type * as Registration from "@sso-oidc/core/Registration"
import * as Sealer from "@sso-oidc/core/Sealer"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as SsoOidcService from "@sso-oidc/core/SsoOidcService"
import * as FetchTransport from "@sso-oidc/transport-browser/FetchTransport"
import type { Namespace } from "cloudflare:workers"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as LoginObject from "./LoginObject.ts"
import * as Routes from "./Routes.ts"

export { LoginObject } from "./LoginObject.ts"

/** The bindings: variables and secrets as texts, and the class of the objects. */
export interface Bindings {
  readonly [name: string]: unknown
  readonly LoginObject: Namespace<LoginObject.LoginObject>
}

const variablesOf = (bindings: Bindings): Record<string, string> =>
  Object.fromEntries(
    Object.entries(bindings).flatMap(([name, value]) => typeof value === "string" ? [[name, value]] : [])
  )

// A request of a Worker may not wait for what another request has begun. So each request builds its own layer, which sends nothing.
const layerOf = (bindings: Bindings) =>
  Layer.mergeAll(
    SsoOidc.layerConfig(
      Environment.options(SsoOidcService.service, { region: Config.String("SSO_REGION"), requestTimeout: "15 seconds" })
    ).pipe(Layer.provide(FetchTransport.layer)),
    Sealer.layerConfig({ current: Config.String("SEALER_CURRENT"), keys: Sealer.configKeys("SEALER_KEYS") }),
    LoginObject.layer(bindings.LoginObject)
  )

// A registration is for all logins of this isolate. It is a value, so requests may share it.
let registration: Registration.Registration | undefined

const onRegistration = (made: Registration.Registration) => Effect.sync(() => void (registration = made))

const respond = (request: Routes.Request, bindings: Bindings): Effect.Effect<Routes.Response> =>
  Effect.suspend(() => Routes.respond(request, { registration, onRegistration })).pipe(
    Effect.provide(layerOf(bindings)),
    Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnvRecord(variablesOf(bindings)))),
    Effect.tapCause((cause) => Effect.logError(cause)),
    Effect.orElseSucceed(() => Routes.notReady)
  )

const responseOf = ({ body, headers, status }: Routes.Response): Response => new Response(body, { status, headers })

export default {
  async fetch(request: Request, bindings: Bindings): Promise<Response> {
    const { pathname } = new URL(request.url)
    // a longer body is not read
    if (Number(request.headers.get("content-length")) > Routes.longest) return responseOf(Routes.tooLarge)
    const body = await request.text()
    return responseOf(await Effect.runPromise(respond({ method: request.method, path: pathname, body }, bindings)))
  }
}
