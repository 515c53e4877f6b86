/**
 * The program of a runtime with a command line, without Node's modules.
 */
import { run, type Task, type Transports } from "./run.ts"

export const main = async (transports: Transports): Promise<void> => {
  const task: Task = JSON.parse(process.argv[2] ?? "{}")
  process.stdout.write(`${JSON.stringify(await run(transports, task))}\n`)
}
