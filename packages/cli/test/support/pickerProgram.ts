/**
 * Lets a person choose from 300 roles, and prints the choice on standard output. `many` as its argument: several of them.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Host from "../../src/Host.ts"
import * as Picker from "../../src/Picker.ts"

const teams = ["billing", "checkout", "identity", "search", "warehouse"]
const stages = ["dev", "prod", "staging"]
const regions = ["eu", "us"]
const roleNames = ["AdministratorAccess", "ReadOnlyAccess"]

const choices = teams.flatMap((team) =>
  stages.flatMap((stage) =>
    regions.flatMap((region) => [1, 2, 3, 4, 5].map((at) => `${team}-${stage}-${region}-${at}`))
  )
).flatMap((name, at) => roleNames.map((role) => `${100_000_000_000 + at * 7}  ${role}  ${name}`))
  .map((title, value) => ({ title, value }))

NodeRuntime.runMain(
  Picker.choose({ message: "Which roles do you want profiles for?", choices, many: process.argv[2] === "many" }).pipe(
    Effect.flatMap((values) => Console.log(`chosen ${values.join(" ")}`)),
    Effect.catchTag("Exited", ({ code }) => Effect.sync(() => void (process.exitCode = code))),
    Effect.provide([Host.layer, NodeServices.layer])
  )
)
