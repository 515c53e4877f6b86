/**
 * Shows a whole device login on one screen. Demo.ts has the program.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Terminal from "@sso-oidc/terminal/Terminal"
import * as Demo from "./Demo.ts"

Terminal.endWithOutput("The demo", 1)

NodeRuntime.runMain(Demo.run(process.argv.slice(2)))
