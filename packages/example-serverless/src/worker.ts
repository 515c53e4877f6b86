/**
 * The routes as a Cloudflare Worker, with a Durable Object for each login.
 */
import * as Environment from "@sso-oidc/core/aws/Environment"
import type * as Registration from "@sso-oidc/core/Registration"
import * as Sealer from "@sso-oidc/core/Sealer"
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as SsoOidcService from "@sso-oidc/core/SsoOidcService"
import * as FetchTransport from "@sso-oidc/transport-browser/FetchTransport"
import type { Context, Namespace } from "cloudflare:workers"
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
      Environment.options(SsoOidcService.service, { region: Config.String("SSO_REGION"), requestTimeout: "8 seconds" })
    ).pipe(Layer.provide(FetchTransport.layer)),
    Sealer.layerConfig({ current: Config.String("SEALER_CURRENT"), keys: Sealer.configKeys("SEALER_KEYS") }),
    LoginObject.layer(bindings.LoginObject)
  )

// A registration is for all logins of this isolate. It is a value, so requests may share it.
let registration: Registration.Registration | undefined

const onRegistration = (made: Registration.Registration) => Effect.sync(() => void (registration = made))

/** The text of a body. It reads no more than is needed to know that a body is too long: then it gives the response to that. */
const textOf = async (body: Request["body"]): Promise<string | Routes.Response> => {
  let text = ""
  const decoder = new TextDecoder("utf-8", { fatal: true })
  for await (const bytes of body ?? []) {
    text += decoder.decode(bytes, { stream: true })
    if (text.length > Routes.longest) return Routes.tooLarge
  }
  return text + decoder.decode()
}

const read = (body: Request["body"]): Effect.Effect<string, Routes.Response> =>
  Effect.tryPromise({ try: () => textOf(body), catch: () => Routes.malformed("The body is no text in UTF-8.") }).pipe(
    Effect.flatMap((text) => typeof text === "string" ? Effect.succeed(text) : Effect.fail(text))
  )

const respond = ({ body, method, url }: Request, bindings: Bindings): Effect.Effect<Routes.Response> =>
  Effect.suspend(() =>
    Routes.respond({ method, path: new URL(url).pathname, body: read(body) }, { registration, onRegistration }).pipe(
      Effect.provide(layerOf(bindings)),
      Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnvRecord(variablesOf(bindings))))
    )
  ).pipe(
    // a layer that cannot be built fails or throws
    Effect.catchCause((cause) => Effect.as(Effect.logError(cause), Routes.notReady))
  )

export default {
  async fetch(request: Request, bindings: Bindings, context: Context): Promise<Response> {
    const responded = Effect.runPromise(respond(request, bindings))
    // a poll is in flight, and its response is stored also if the caller goes away
    context.waitUntil(responded)
    const { body, headers, status } = await responded
    return new Response(body, { status, headers })
  }
}
