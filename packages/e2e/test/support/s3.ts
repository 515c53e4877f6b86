/**
 * S3 in play, on loopback: it lists one bucket, and takes note of the credentials of each request.
 */
import * as Effect from "effect/Effect"
import * as Http from "node:http"

export interface Seen {
  readonly accessKeyId: string | undefined
  readonly region: string | undefined
  readonly token: string | undefined
}

const buckets = `<?xml version="1.0" encoding="UTF-8"?><ListAllMyBucketsResult><Buckets><Bucket><Name>a-bucket</Name>` +
  `<CreationDate>2026-01-01T00:00:00.000Z</CreationDate></Bucket></Buckets></ListAllMyBucketsResult>`

const textOf = (header: string | ReadonlyArray<string> | undefined): string | undefined =>
  typeof header === "string" ? header : undefined

const portOf = (server: Http.Server): number => {
  const address = server.address()
  return typeof address === "object" && address !== null ? address.port : 0
}

/** A port that was free a moment ago. */
export const freePort: Effect.Effect<number> = Effect.callback<number>((resume) => {
  const server = Http.createServer()
  server.listen(0, "127.0.0.1", () => {
    const port = portOf(server)
    server.close(() => resume(Effect.succeed(port)))
  })
})

export const make = Effect.acquireRelease(
  Effect.callback<{ readonly url: string; readonly seen: Array<Seen>; readonly close: () => void }>((resume) => {
    const seen: Array<Seen> = []
    const server = Http.createServer(({ headers }, response) => {
      const credential = /Credential=([^/]+)\/\d{8}\/([^/]+)\/s3\/aws4_request/.exec(headers.authorization ?? "")
      seen.push({
        accessKeyId: credential?.[1],
        region: credential?.[2],
        token: textOf(headers["x-amz-security-token"])
      })
      response.writeHead(200, { "content-type": "application/xml" }).end(buckets)
    })
    const close = () => {
      server.close()
      server.closeAllConnections()
    }
    server.listen(0, "127.0.0.1", () => {
      resume(Effect.succeed({ url: `http://127.0.0.1:${portOf(server)}`, seen, close }))
    })
  }),
  ({ close }) => Effect.sync(close)
)
