/**
 * The `fetch` of a page. A relay in the same process responds to its requests.
 */
import * as Relay from "@sso-oidc/relay/Relay"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as Layer from "effect/Layer"

const origin = "https://app.example"

/** The URL where a page's client finds the relay. */
export const url = `${origin}/sso-oidc`

/** A page of the relay's own origin. The relay calls the service at this endpoint. */
export const page = (endpoint: string): Layer.Layer<never> =>
  Layer.effect(
    FetchHttpClient.Fetch,
    Effect.map(
      Effect.acquireRelease(
        Effect.sync(() =>
          Relay.toWebHandler({
            origins: [origin],
            regions: ["us-east-1"],
            startUrls: ["https://my.awsapps.com/start"],
            endpoint
          }, NodeTransport.layer())
        ),
        ({ dispose }) => Effect.promise(dispose)
      ),
      ({ handler }): typeof globalThis.fetch => (input, init) => {
        const request = new Request(input, init)
        // a browser sets it by itself
        request.headers.set("origin", origin)
        return handler(request)
      }
    )
  )
