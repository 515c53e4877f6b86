/**
 * The program of a page: a function that the browser's driver calls.
 */
import { run, type Task } from "./run.ts"
import { transports } from "./web.ts"

Object.assign(globalThis, { runContract: (task: Task) => run(transports, task) })
