/**
 * The program of Node.
 */
import { main } from "./shell.ts"
import * as Socket from "./socket.ts"
import * as Web from "./web.ts"

await main({ ...Web.transports, ...Socket.transports })
