/**
 * A program that logs in, with all that it can have on Node. It prints each event, then how the login ended.
 */
import * as SsoOidc from "@sso-oidc/core/SsoOidc"
import * as LoopbackCallback from "@sso-oidc/session/node/LoopbackCallback"
import * as SystemBrowser from "@sso-oidc/session/node/SystemBrowser"
import * as Session from "@sso-oidc/session/Session"
import * as TokenStore from "@sso-oidc/session/TokenStore"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

const [endpoint = "", startUrl = "", grant] = process.argv.slice(2)

const print = (text: string): Effect.Effect<void> => Effect.sync(() => void process.stdout.write(`${text}\n`))

const login = Session.Session.use((session) =>
  session.login({
    grant: grant === "code" ? grant : undefined,
    onEvent: (event) => print(`${event._tag} ${JSON.stringify(event)}`)
  })
)

await login.pipe(
  Effect.matchEffect({
    onFailure: ({ _tag }) => print(`failed ${_tag}`),
    onSuccess: () => print("logged in")
  }),
  Effect.provide(
    Session.layer({ startUrl, name: "corp", clientName: "My tool" }).pipe(
      Layer.provide(SsoOidc.layer({ region: "us-east-1", endpoint }).pipe(Layer.provide(NodeTransport.layer()))),
      Layer.provide([TokenStore.layerMemory, LoopbackCallback.layer, SystemBrowser.layer])
    )
  ),
  Effect.runPromise
)
