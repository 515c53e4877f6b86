/**
 * A home of its own for a test, with AWS's files in it.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { folder } from "@sso-oidc/test-kit/child"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import { mkdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"

/** Files by their path in the home. */
export type Files = Readonly<Record<string, string | Uint8Array>>

export const write = (home: string, files: Files): void => {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(home, path)), { recursive: true })
    writeFileSync(join(home, path), content)
  }
}

/** Runs an effect in a new home. No variable of the environment is set but `HOME` and those that are given. */
export const inHome = (
  files: Files,
  env: Readonly<Record<string, string>> | ((home: string) => Readonly<Record<string, string>>) = {}
) =>
<A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const home = yield* folder
    write(home, files)
    const variables = { HOME: home, ...(typeof env === "function" ? env(home) : env) }
    return yield* effect.pipe(
      Effect.provide(NodeServices.layer),
      Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnvRecord(variables)))
    )
  }).pipe(Effect.scoped)

/** A home with a config file. */
export const inConfig = (config: string, env: Readonly<Record<string, string>> = {}) =>
  inHome({ ".aws/config": config }, env)

/** A session that is right, and a profile that uses it. */
export const corp = "[profile dev]\nsso_session = corp\n\n" +
  "[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = eu-west-1\n"
