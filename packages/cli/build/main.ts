/**
 * Writes the command as one file, `dist/sso-oidc.mjs`, with the licences of what is in it.
 */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { bundle } from "./bundle.ts"

const dist = join(import.meta.dirname, "../dist")

const { code, licences } = await bundle()
mkdirSync(dist, { recursive: true })
const program = join(dist, "sso-oidc.mjs")
writeFileSync(program, code)
chmodSync(program, 0o755)
writeFileSync(join(dist, "LICENSES.txt"), licences)
