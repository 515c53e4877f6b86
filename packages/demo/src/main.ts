/**
 * Shows a whole device login on one screen. Demo.ts has the program.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Demo from "./Demo.ts"
import * as Terminal from "./Terminal.ts"

Terminal.endWithOutput()

NodeRuntime.runMain(Demo.run(process.argv.slice(2)))
