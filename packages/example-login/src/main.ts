import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as DeviceGrant from "sso-oidc/DeviceGrant"
import * as DeviceGrantEvent from "sso-oidc/DeviceGrantEvent"
import * as Node from "sso-oidc/node"

const login = DeviceGrant.login({
  clientName: "my-tool",
  startUrl: "https://d-1234567890.awsapps.com/start",
  onEvent: (event) => event._tag === "CodeReady" ? Console.log(DeviceGrantEvent.instructions(event)) : Effect.void
}).pipe(Effect.provide(Node.layer({ region: "eu-west-1" })))

const token = await Effect.runPromise(login)
console.log(`Logged in: ${token.accessToken}`) // the token is Redacted, so this prints no secret
