/**
 * `pnpm tarballs [FOLDER]`: packs the public packages for another project, into `tarballs` or the folder that is named.
 */
import { root } from "@sso-oidc/test-kit/packed"
import * as Tarballs from "@sso-oidc/test-kit/tarballs"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { resolve } from "node:path"

const [folder] = process.argv.slice(2)

const main = Effect.flatMap(
  Tarballs.write(folder === undefined ? resolve(root, "tarballs") : resolve(folder)),
  (tarballs) => Console.log([...tarballs.values()].join("\n"))
)

const failed = (error: Error) => Effect.as(Console.error(`The tarballs cannot be made. ${error.message}`), 1)

process.exitCode = await Effect.runPromise(Effect.catch(Effect.as(main, 0), failed))
