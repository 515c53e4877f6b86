import { assert, describe, it } from "@effect/vitest"
import * as CacheFile from "@sso-oidc/core/aws/CacheFile"
import * as CacheKey from "@sso-oidc/session/CacheKey"
import * as Effect from "effect/Effect"
import { readFileSync } from "node:fs"
import { join } from "node:path"

const read = (name: string) => JSON.parse(readFileSync(join(import.meta.dirname, "fixtures", name), "utf8"))

interface TokenCase {
  readonly sessionName: string | null
  readonly startUrl: string | null
  readonly sha1: string
}

interface RegistrationCase {
  readonly startUrl: string
  readonly region: string
  readonly scopes: ReadonlyArray<string> | null
  readonly session_name: string | null
}

interface Hashed {
  readonly serialized: string
  readonly sha1: string
}

interface RoleCase extends Hashed {
  readonly args: Readonly<Record<string, string>>
}

const published = read("cache-keys.json")
const own = read("session-cache-keys.json")

const tokens: ReadonlyArray<TokenCase> = [...published.tokenFile.cases, ...own.token]

const registrations: ReadonlyArray<RegistrationCase & Hashed> = [
  ...published.botocoreRegistrationFile.cases.map(({ args, ...rest }: Hashed & { readonly args: object }) => ({
    ...args,
    ...rest
  })),
  ...own.registration
]

const roles: ReadonlyArray<RoleCase> = [...published.cliRoleCredentialsFile.cases, ...own.roleCredentials]

describe("CacheKey", () => {
  it("has the cases of both files (S5)", () => {
    assert.deepStrictEqual([tokens.length, registrations.length, roles.length], [21, 15, 8])
  })

  it.effect.each(tokens)(
    "the token of $sessionName at $startUrl is in the CLI's file $sha1 (S5)",
    (one) =>
      Effect.gen(function*() {
        assert.strictEqual(yield* CacheKey.token({ key: one.sessionName ?? one.startUrl ?? "" }), `${one.sha1}.json`)
      })
  )

  it.effect.each(registrations)(
    "the registration $serialized is in the CLI's file (S5)",
    (one) =>
      Effect.gen(function*() {
        const { region, scopes, serialized, session_name, sha1, startUrl } = one
        const settings = {
          startUrl,
          region,
          configuredScopes: scopes ?? undefined,
          name: session_name ?? undefined
        }
        assert.strictEqual(yield* CacheKey.registration(settings), `${sha1}.json`)
        assert.strictEqual(
          CacheFile.pythonJson({ tool: "botocore", startUrl, region, scopes, session_name }),
          serialized
        )
      })
  )

  it.effect.each(roles)(
    "the role credentials of $serialized are in the CLI's file (S5)",
    ({ args, serialized, sha1 }) =>
      Effect.gen(function*() {
        assert.strictEqual(CacheFile.pythonJson(args, true), serialized)
        assert.strictEqual(yield* CacheFile.hash(serialized), sha1)
      })
  )

  it("escapes each character as Python does (S5)", () => {
    for (let code = 0; code <= 0xffff; code++) {
      const char = String.fromCharCode(code)
      const hex = `\\u${code.toString(16).padStart(4, "0")}`
      const short = { 8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: "\\\"", 92: "\\\\" }[code]
      const expected = short ?? (code >= 0x20 && code <= 0x7e ? char : hex)
      if (CacheFile.pythonJson(char) !== `"${expected}"`) assert.fail(hex)
    }
  })
})
