/** The first calls of a login with our client: core and the transport without proxies. */
import * as DirectTransport from "@sso-oidc/transport-node/DirectTransport"
import { run } from "./start.ts"

await run(DirectTransport.layer())
