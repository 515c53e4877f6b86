import * as Effect from "effect/Effect"
import * as DeviceGrant from "sso-oidc/DeviceGrant"
import * as DeviceGrantEvent from "sso-oidc/DeviceGrantEvent"
import * as Node from "sso-oidc/node"

const login = DeviceGrant.login({
  clientName: "my-tool",
  startUrl: "https://d-1234567890.awsapps.com/start",
  onEvent: (event) => Effect.sync(() => event._tag === "CodeReady" && console.log(DeviceGrantEvent.instructions(event)))
}).pipe(Effect.provide(Node.layer({ region: "eu-west-1" })))

const token = await Effect.runPromise(login).catch((error) => console.error(error.message))
if (token) console.log(`Logged in: ${token.accessToken}`)
else process.exitCode = 1
