/**
 * A program that starts a server, prints where that is, and then does nothing until its stdin has a line.
 */
import { once } from "node:events"
import * as Server from "../../src/server.ts"
import { waiting } from "./waiting.ts"

const { folder, pid } = await Server.start(waiting)
console.log(JSON.stringify({ folder, pid, self: process.pid }))
await once(process.stdin, "data")
// the program must now end by itself, although the server runs
process.stdin.destroy()
