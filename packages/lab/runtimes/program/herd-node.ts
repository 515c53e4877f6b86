/**
 * A process of the herd, on Node.
 */
import { files } from "@sso-oidc/test-kit/sessions/member"
import { main } from "@sso-oidc/test-kit/sessions/worker"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"

await main({ transport: NodeTransport.layer(), store: files })
