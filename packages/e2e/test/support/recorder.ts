/**
 * Records to the given file, until it is killed.
 */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as RecordedTransport from "@sso-oidc/testing/RecordedTransport"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"

// `Effect.never` alone keeps no process alive.
setInterval(() => {}, 1 << 30)

await Effect.runPromise(
  Effect.andThen(Console.log("recording"), Effect.never).pipe(
    Effect.provide(Layer.provide(RecordedTransport.layerRecord({ file: process.argv[2] ?? "" }), [
      NodeFileSystem.layer,
      Layer.succeed(HttpClient.HttpClient, HttpClient.make(() => Effect.never))
    ]))
  )
)
