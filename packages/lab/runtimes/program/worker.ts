/**
 * The program of an edge worker: it runs when it is asked, and answers with what came of it.
 */
import { run, type Task } from "./run.ts"
import { transports } from "./web.ts"

export default {
  async fetch(request: Request): Promise<Response> {
    const task: Task = JSON.parse(new URL(request.url).searchParams.get("task") ?? "{}")
    return Response.json(await run(transports, task))
  }
}
