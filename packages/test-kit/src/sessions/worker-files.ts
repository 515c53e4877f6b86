/**
 * The process of a herd that shares the AWS cache.
 */
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import { files } from "./member.ts"
import { main } from "./worker.ts"

await main({ transport: NodeTransport.layer(), store: files })
