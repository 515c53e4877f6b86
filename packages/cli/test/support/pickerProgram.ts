/**
 * Lets a person choose from 300 roles, and prints the choice on standard output. `many` as its argument: several of them.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Host from "../../src/Host.ts"
import * as Picker from "../../src/Picker.ts"

const choices = Array.from({ length: 300 }, (_, at) => ({
  title: `${String(100_000_000_000 + at)}  account ${at}  ${at % 3 === 0 ? "AdministratorAccess" : "ReadOnlyAccess"}`,
  value: at
}))

NodeRuntime.runMain(
  Picker.choose({ message: "Choose a role:", choices, many: process.argv[2] === "many" }).pipe(
    Effect.flatMap((values) => Console.log(`chosen ${values.join(" ")}`)),
    Effect.catchTag("Exited", ({ code }) => Effect.sync(() => void (process.exitCode = code))),
    Effect.provide([Host.layer, NodeServices.layer])
  )
)
