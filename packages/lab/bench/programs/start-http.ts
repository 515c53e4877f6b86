/** The first calls of a login with node:http by hand. */
import { Agent, request } from "node:http"
import "./tls.ts"

const agent = new Agent({ keepAlive: true })

const post = (path: string, members: object): Promise<Record<string, string>> =>
  new Promise((resolve, reject) => {
    const body = JSON.stringify(members)
    const sent = request(`http://127.0.0.1:${process.argv[2]}${path}`, {
      agent,
      method: "POST",
      headers: { "content-type": "application/json", "content-length": Buffer.byteLength(body) }
    }, (response) => {
      const chunks: Array<Buffer> = []
      response.on("data", (chunk: Buffer) => chunks.push(chunk)).on("error", reject).on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8")
        if (response.statusCode === 200) resolve(JSON.parse(text))
        else reject(new Error(text))
      })
    })
    sent.on("error", reject).end(body)
  })

const { clientId, clientSecret } = await post("/client/register", { clientName: "bench", clientType: "public" })
const { deviceCode } = await post("/device_authorization", {
  clientId,
  clientSecret,
  startUrl: "https://example.awsapps.com/start"
})
const { accessToken } = await post("/token", {
  clientId,
  clientSecret,
  deviceCode,
  grantType: "urn:ietf:params:oauth:grant-type:device_code"
})
console.log(accessToken?.length)
