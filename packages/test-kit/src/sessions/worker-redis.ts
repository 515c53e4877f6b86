/**
 * The process of a herd that shares a Redis.
 */
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import { redis } from "./redis.ts"
import { main } from "./worker.ts"

await main({ transport: NodeTransport.layer(), store: redis })
