/**
 * The contract as tests of `node:test`: the second runner that the adapter fits.
 */
import * as ContractServerNode from "@sso-oidc/testing/contract/ContractServerNode"
import * as TransportContract from "@sso-oidc/testing/contract/TransportContract"
import { test } from "node:test"
import * as SocketClient from "./socketClient.ts"

TransportContract.register(test, {
  transport: SocketClient.layer(process.argv[2] === "broken" ? { keepAlive: false } : {}),
  server: ContractServerNode.layer,
  guarantees: ["connectionReuse", "emptyBody"]
})
