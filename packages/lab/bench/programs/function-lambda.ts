/** The Lambda function of the example, over PostgreSQL: one event starts a login, and another one polls. */
import { dispose, handler } from "../../../example-serverless/src/handler.ts"
import "./tls.ts"

const eventOf = (path: string): Parameters<typeof handler>[0] => ({
  version: "2.0",
  routeKey: "$default",
  rawPath: path,
  rawQueryString: "",
  headers: {},
  requestContext: {
    accountId: "123456789012",
    apiId: "bench",
    domainName: "bench.lambda-url.eu-west-1.on.aws",
    domainPrefix: "bench",
    http: { method: "POST", path, protocol: "HTTP/1.1", sourceIp: "127.0.0.1", userAgent: "bench" },
    requestId: "bench",
    routeKey: "$default",
    stage: "$default",
    time: "27/Nov/2026:00:00:00 +0000",
    timeEpoch: 0
  },
  isBase64Encoded: false
})

const { id } = JSON.parse((await handler(eventOf("/logins"))).body ?? "")
await new Promise((resolve) => setTimeout(resolve, 1050))
const { body, statusCode } = await handler(eventOf(`/logins/${id}/poll`))
console.log(statusCode === 200 ? 700 : body)
await dispose()
