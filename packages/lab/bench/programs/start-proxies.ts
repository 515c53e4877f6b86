/** The first calls of a login with our client: core and the transport that can go through proxies. */
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import { run } from "./start.ts"

await run(NodeTransport.layer())
