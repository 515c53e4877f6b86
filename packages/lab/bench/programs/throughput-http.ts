/** A client by hand on node:http, with an agent that keeps connections. */
import { Agent, request } from "node:http"
import { endpoint, members, ofPromises, serve } from "./throughput.ts"

const agent = new Agent({ keepAlive: true })
const url = new URL(`${endpoint}/token`)

const post = (body: string): Promise<{ readonly status: number | undefined; readonly text: string }> =>
  new Promise((resolve, reject) => {
    const sent = request(url, {
      agent,
      method: "POST",
      headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) }
    }, (response) => {
      const chunks: Array<Buffer> = []
      response.on("data", (chunk: Buffer) => chunks.push(chunk)).on("error", reject).on(
        "end",
        () => resolve({ status: response.statusCode, text: Buffer.concat(chunks).toString("utf8") })
      )
    })
    sent.on("error", reject).end(body)
  })

await serve(ofPromises(async (deviceCode) => {
  const { status, text } = await post(JSON.stringify({ ...members, deviceCode }))
  const { accessToken, error } = JSON.parse(text)
  if (status === 200 && typeof accessToken === "string") return "token"
  if (error === "authorization_pending") return "pending"
  throw new Error(text)
}))
