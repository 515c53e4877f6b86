/**
 * What `sso-oidc configure` writes: the AWS CLI, the AWS SDK for JavaScript and ours read it as the same values.
 */
import { assert, describe, it } from "@effect/vitest"
import { folder } from "@sso-oidc/test-kit/child"
import { dice } from "@sso-oidc/test-kit/dice"
import { isMissing } from "@sso-oidc/test-kit/tools"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as ConfigEdit from "../../../cli/src/ConfigEdit.ts"
import { configFile, pieces } from "../support/configFiles.ts"
import { awsCli, jsSdk, ours, type Reader, type Settings } from "../support/configReaders.ts"
import { configLoader } from "../support/machine.ts"

const parser = configLoader()

interface Other {
  readonly name: "ours" | "awsCli" | "jsSdk"
  readonly title: string
  readonly skip: boolean
  readonly start: Effect.Effect<Reader, never, Scope.Scope>
}

const readers: ReadonlyArray<Other> = [
  { name: "ours", title: "ours", skip: false, start: Effect.succeed((text) => Effect.sync(() => ours(String(text)))) },
  { name: "jsSdk", title: "@smithy/core/config", skip: false, start: Effect.map(folder, jsSdk) },
  { name: "awsCli", title: parser.title, skip: isMissing(parser), start: awsCli(parser.found?.path ?? "") }
]

// whatever may be asked for: what the checks let through has to come back from every reader
const names = [
  "default",
  "dev",
  "DEFAULT",
  "Dev",
  "profile",
  "sso-session",
  "services",
  "a.b",
  "a@b+c",
  "a%(b)s",
  "a:b",
  "a/b",
  "-",
  "--",
  "0",
  "true",
  "constructor",
  "__proto__",
  "toString",
  "my work",
  "\"dev\"",
  "'dev'",
  "büro",
  "a$b",
  "a]b",
  "a#b",
  "a;b",
  "a=b",
  "a\\b",
  "sso-session.x"
].filter((name) => ConfigEdit.problems.name(name) === undefined)

const values = <K extends keyof typeof ConfigEdit.problems>(kind: K, ...texts: ReadonlyArray<string>) =>
  texts.filter((text) => ConfigEdit.problems[kind](text) === undefined)

const startUrls = values(
  "startUrl",
  "https://my.awsapps.com/start",
  "https://my.awsapps.com/start#/",
  "https://my.awsapps.com/start/#;x",
  "https://my.awsapps.com/start?a=b&c=%20d",
  "https://my.awsapps.com/start #x",
  "https://my.awsapps.com/%(x)s",
  "https://ssoins-1.portal.eu-west-1.app.aws",
  "http://127.0.0.1:8484/start"
)

const roles = values("role", "ReadOnly", "a+b=c,d.e@f-g_h", "=", "%(x)s", "#x", "x ;y", "@", ",a,", "..")

const scopes = ["sso:account:access", "a,b", "codewhisperer:completions,x=y", "%(x)s", "[x]", "=", "a:b"]
  .filter((text) => ConfigEdit.problems.scopes(text) === undefined)

/** A file by chance that every reader reads, and what to write into it. */
const made = (seed: number, readable: ReadonlyArray<typeof pieces[number]>) => {
  const { pick } = dice(seed)
  const before = configFile(seed, readable)
  const asked: ConfigEdit.Asked = {
    session: {
      name: pick(names),
      startUrl: pick(startUrls),
      region: "eu-west-1",
      scopes: ConfigEdit.scopesOf(pick(scopes))
    },
    profiles: [...new Set([pick(names), pick(names)])].map((name) => ({
      name,
      accountId: "000000000012",
      roleName: pick(roles)
    }))
  }
  return { before, asked, text: Result.getOrThrow(ConfigEdit.edit(before, asked)).text }
}

const section = (sections: Readonly<Record<string, Settings>>, name: string): Settings => ({
  ...Object.getOwnPropertyDescriptor(sections, name)?.value
})

describe.each(readers)("differential: what configure writes, read by $title", ({ name, skip, start }) => {
  it.effect.skipIf(skip)(
    "has the values that were asked for, in any file, and the earlier sections as before (K1)",
    () =>
      Effect.gen(function*() {
        const read = yield* start
        const readable = pieces.filter(({ not = [] }) => name === "ours" || !not.includes(name))
        for (let seed = 0; seed < 40; seed++) {
          const { asked: { profiles, session }, before, text } = made(seed, readable)
          const [earlier, now] = [yield* read(before), yield* read(text)]
          const shown = JSON.stringify({ seed, text, now })
          assert(!("error" in now) && !("error" in earlier), shown)
          assert.deepStrictEqual(section(now.sso_sessions, session.name), {
            sso_start_url: session.startUrl,
            sso_region: session.region,
            sso_registration_scopes: session.scopes?.join(",")
          }, shown)
          for (const { accountId, name, roleName } of profiles) {
            assert.deepStrictEqual(section(now.profiles, name), {
              sso_session: session.name,
              sso_account_id: accountId,
              sso_role_name: roleName
            }, shown)
          }
          for (const kind of ["profiles", "sso_sessions", "services"] as const) {
            for (const [title, settings] of Object.entries(earlier[kind])) {
              assert.deepStrictEqual(section(now[kind], title), settings, shown)
            }
          }
        }
      }).pipe(Effect.scoped)
  )
})
