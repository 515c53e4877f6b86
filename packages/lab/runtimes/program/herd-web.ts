/**
 * A process of the herd, on Bun and Deno.
 */
import { files } from "@sso-oidc/test-kit/sessions/member"
import { main } from "@sso-oidc/test-kit/sessions/worker"
import * as FetchTransport from "@sso-oidc/transport-browser/FetchTransport"

await main({ transport: FetchTransport.layer, store: files })
