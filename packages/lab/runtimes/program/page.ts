/**
 * The program of a page: a function for whoever drives it.
 */
import { run, type Task } from "./run.ts"
import { transports } from "./web.ts"

Object.assign(globalThis, { runContract: (task: Task) => run(transports, task) })
