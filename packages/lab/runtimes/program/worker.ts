/**
 * The program of an edge worker. A request starts it, and its response has the result.
 */
import { run, type Task } from "./run.ts"
import { transports } from "./web.ts"

export default {
  async fetch(request: Request): Promise<Response> {
    const task: Task = JSON.parse(new URL(request.url).searchParams.get("task") ?? "{}")
    return Response.json(await run(transports, task))
  }
}
