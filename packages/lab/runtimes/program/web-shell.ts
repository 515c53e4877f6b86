/**
 * The program of Bun and Deno.
 */
import { main } from "./shell.ts"
import * as Web from "./web.ts"

await main(Web.transports)
