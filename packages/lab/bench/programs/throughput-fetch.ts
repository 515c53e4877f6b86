/** A client by hand on `fetch`. */
import { endpoint, members, ofPromises, serve } from "./throughput.ts"

await serve(ofPromises(async (deviceCode) => {
  const response = await fetch(`${endpoint}/token`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...members, deviceCode })
  })
  const body: unknown = await response.json()
  if (typeof body !== "object" || body === null) throw new Error("no object")
  if (response.ok && "accessToken" in body) return "token"
  if ("error" in body && body.error === "authorization_pending") return "pending"
  throw new Error(JSON.stringify(body))
}))
