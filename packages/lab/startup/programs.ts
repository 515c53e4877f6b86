/**
 * Makes the two programs whose start is compared: the command in its one file, and the smallest program on `effect/cli`.
 */
import { buildSync } from "esbuild"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { bundle } from "../../cli/build/bundle.ts"

/** Writes both programs and a config into a folder, which is their home too. It gives the arguments that Node starts each with. */
export const make = async (
  home: string
): Promise<{ readonly one: ReadonlyArray<string>; readonly status: ReadonlyArray<string> }> => {
  const small = join(home, "one.mjs")
  buildSync({
    entryPoints: [join(import.meta.dirname, "one.ts")],
    outfile: small,
    bundle: true,
    platform: "node",
    target: "node22.19",
    format: "esm",
    minify: true,
    banner: { js: `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);` },
    logLevel: "error"
  })
  const command = join(home, "sso-oidc.mjs")
  const { code } = await bundle()
  writeFileSync(command, code)
  mkdirSync(join(home, ".aws/sso/cache"), { recursive: true })
  writeFileSync(
    join(home, ".aws/config"),
    "[profile dev]\nsso_session = corp\n[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-west-1\n"
  )
  return { one: [small], status: [command, "status", "--profile", "dev"] }
}
