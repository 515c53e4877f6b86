/**
 * The tools that share the cache with ours. Each runs in a process of its own.
 */
import { run } from "@sso-oidc/test-kit/child"
import * as Tools from "@sso-oidc/test-kit/tools"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { join } from "node:path"
import type { Home } from "./homes.ts"
import { pythonTokens, type TokenModule } from "./machine.ts"

/** What a tool gives: a token and its expiry, or the name and the text of an error. */
export interface Provided {
  readonly token?: string
  readonly expiration?: string
  readonly name?: string
  readonly message?: string
}

/** Asks a tool for the token of a profile. */
export type Provider = (profile: string, endpoint: string) => Effect.Effect<Provided>

export interface OtherTool {
  readonly title: string
  readonly isMissing: boolean
  /** Whether it keeps the members of other tools when it writes the file. */
  readonly keepsOthers: boolean
  /** Starts the tool in a home. It gets one token after the other. */
  readonly start: (home: Home) => Effect.Effect<Provider, never, Scope.Scope>
}

const start = (command: string, args: ReadonlyArray<string>) => ({ path }: Home) =>
  Effect.gen(function*() {
    const program = yield* run(command, { args, env: { HOME: path, AWS_CONFIG_FILE: join(path, ".aws/config") } })
    yield* program.printed(/^ready\n/)
    let lines = 1
    const provider: Provider = (profile, endpoint) =>
      Effect.gen(function*() {
        const pattern = new RegExp(`^(?:.*\\n){${lines++}}(.*)\\n`)
        yield* program.write(`${JSON.stringify({ profile, endpoint })}\n`)
        const provided: Provided = JSON.parse(yield* program.printed(pattern))
        return provided
      })
    return provider
  })

const file = (name: string): string => join(import.meta.dirname, name)

const javaScript: OtherTool = {
  title: "@aws-sdk/token-providers",
  isMissing: false,
  keepsOthers: true,
  start: start(process.execPath, [file("sso-tokens.ts")])
}

const python = (module: TokenModule): OtherTool => {
  const tool = pythonTokens(module)
  return {
    title: tool.title,
    isMissing: Tools.isMissing(tool),
    keepsOthers: false,
    start: start(tool.found?.path ?? "", [file("sso_tokens.py"), module])
  }
}

/** The tools that this machine has. It also adds a test that fails if a missing tool has to fail. */
export const otherTools = (): ReadonlyArray<OtherTool> =>
  [
    javaScript,
    python("awscli.botocore"),
    python("botocore")
  ].filter(({ isMissing }) => !isMissing)
