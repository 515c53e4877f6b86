/**
 * The smallest program on `effect/cli`: it prints one line. The command is measured against it.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Command from "effect/cli/Command"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"

const one = Command.make("one", {}, () => Console.log("one line"))

NodeRuntime.runMain(Command.runWith(one, { version: "0.0.0" })([]).pipe(Effect.provide(NodeServices.layer)))
