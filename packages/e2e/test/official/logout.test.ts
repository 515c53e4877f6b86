/**
 * `aws sso logout`, which looks into every file of the cache, and a session of ours over the same files.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as PortalLogout from "@sso-oidc/core/PortalLogout"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as CachedToken from "@sso-oidc/session/CachedToken"
import * as TokenStore from "@sso-oidc/session/TokenStore"
import { folder, run } from "@sso-oidc/test-kit/child"
import * as Issued from "@sso-oidc/test-kit/issued"
import { isMissing } from "@sso-oidc/test-kit/tools"
import * as NodeTransport from "@sso-oidc/transport-node/NodeTransport"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { basename, delimiter, dirname, join } from "node:path"
import * as Homes from "../support/homes.ts"
import { atLeast, awsCli } from "../support/machine.ts"
import * as Ours from "../support/oursOnFiles.ts"
import * as Portal from "../support/portal.ts"
import { recipe } from "../support/recipes.ts"

const aws = awsCli()
const { path, version } = aws.found ?? { path: "", version: "" }

const wait = { wait: Duration.seconds(5) }

/** Runs the AWS CLI in the home, with the portal in place of the real one. */
const cli = Effect.fnUntraced(function*({ path: home }: Homes.Home, portal: string, line: string) {
  const old = atLeast(version, "2.13.0") ? "" : recipe("sh", "AWS_DATA_PATH=", portal).replaceAll("sso-oidc", "sso")
  const shell = yield* run("bash", {
    env: {
      HOME: home,
      PATH: `${dirname(path)}${delimiter}${process.env["PATH"]}`,
      ...(old === "" ? { AWS_ENDPOINT_URL_SSO: portal } : {})
    },
    input: `set -euo pipefail\n${old}\n${line}\n`
  })
  const { code, stderr, stdout } = yield* shell.ended
  assert.strictEqual(code, 0, `${stdout}${stderr}`)
  return stdout
})

/** The files of the cache, without the ids that each room has of its own. */
const filesOf = ({ cache }: Homes.Home, { token }: Homes.Session) =>
  readdirSync(cache)
    .map((name) => name.replace(basename(token), "TOKEN").replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, "ID"))
    .sort()

const plain = ({ accessToken }: { readonly accessToken: Redacted.Redacted<string> }) => Redacted.value(accessToken)

describe.skipIf(isMissing(aws))(`a logout with ${aws.title}`, () => {
  it.live("ends well beside all our files, and the session says that no token is stored (S4, S5)", () =>
    Effect.gen(function*() {
      const { url } = yield* EmulatorServer.EmulatorServer
      const portal = yield* Portal.make
      const home = yield* Homes.make(["e2e"])
      const at = home.session("e2e")
      yield* Homes.write(at, yield* Issued.issued(at.settings, -60))
      const session = yield* Ours.session(home, at, url)
      const token = plain(yield* session.token)

      const store = Context.get(yield* Layer.build(Ours.store(home.cache)), TokenStore.TokenStore)
      const hold = (use: (hold: TokenStore.Hold) => Effect.Effect<void, unknown>) =>
        store.exclusively(at.settings.key, use, wait)
      // as holders leave them that were killed, or whose refresh token was rejected
      for (const  of of["aa", "bb"]) yield* hold(({ prepare }) => prepare(of, 5000))
      yield* hold(({ settle }) => settle("cc", "ended"))
      yield* hold(({ settle }) => settle("dd", "lost"))
      const written = readdirSync(home.cache).find((name) => name.includes(".bb.")) ?? assert.fail("no room")
      const next = { ...Homes.read(at.token), accessToken: Redacted.make("a-response-that-was-not-stored") }
      const text = Redacted.value(CachedToken.encode(next))
      writeFileSync(join(home.cache, written), text.padEnd(5000))
      const rooms = ["TOKEN.aa.ID.sent", "TOKEN.bb.ID.sent"]
      const rest = ["TOKEN.cc.ended", "TOKEN.dd.lost", "TOKEN.lock"]
      assert.deepStrictEqual(filesOf(home, at), ["TOKEN", ...rooms, ...rest])

      // it takes the token that we refreshed, and then it logs out
      const credentials = yield* cli(
        home,
        portal.url,
        "aws configure export-credentials --profile e2e && aws sso logout"
      )
      assert.include(credentials, "AKIAEXAMPLE")
      assert.deepStrictEqual(portal.seen[0], { path: "GET /federation/credentials", token })
      assert.sameDeepMembers(portal.seen.slice(1), [
        { path: "POST /logout", token },
        { path: "POST /logout", token: "a-response-that-was-not-stored" }
      ])
      assert.deepStrictEqual(filesOf(home, at), ["TOKEN.aa.ID.sent", ...rest])
      for (const other of [session, yield* Ours.session(home, at, url)]) {
        const error = yield* Effect.flip(other.token)
        assert.deepInclude(error, { _tag: "NotLoggedIn", reason: "absent" })
      }

      // the next login removes what was left
      const login = yield* Issued.issued(at.settings, 3600)
      yield* hold(({ commit }) => commit(CachedToken.encode(login)))
      assert.strictEqual(plain(yield* session.token), plain(login))
      assert.deepStrictEqual(filesOf(home, at), ["TOKEN", "TOKEN.lock"])
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer), Effect.provide(EmulatorServer.layer())))

  it.live("stays a logout if it comes during our refresh (S12)", () =>
    Effect.gen(function*() {
      const { url } = yield* EmulatorServer.EmulatorServer
      const portal = yield* Portal.make
      const home = yield* Homes.make(["e2e"])
      const at = home.session("e2e")
      yield* Homes.write(at, yield* Issued.issued(at.settings, -60))
      const [arrived, loggedOut] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      // the response has left the service, and has not reached the session
      const held = Layer.effect(
        HttpClient.HttpClient,
        Effect.map(HttpClient.HttpClient, (client) =>
          HttpClient.tap(client, () =>
            Effect.andThen(Deferred.succeed(arrived, undefined), Deferred.await(loggedOut))))
      ).pipe(Layer.provide(NodeTransport.layer()))
      const session = yield* Ours.session(home, at, url, held)
      const token = yield* Effect.forkChild(Effect.flip(session.token))
      yield* Deferred.await(arrived)
      assert.lengthOf(
        filesOf(home, at).filter((name) =>
          name.endsWith(".sent")
        ),
        1
      )
      yield* cli(home, portal.url, "aws sso logout")
      yield* Deferred.succeed(loggedOut, undefined)
      assert.deepInclude(yield* Fiber.join(token), { _tag: "NotLoggedIn", reason: "absent" })
      assert.deepStrictEqual(filesOf(home, at), ["TOKEN.lock"])
      assert.strictEqual(readFileSync(`${at.token}.lock`, "utf8"), "")
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer), Effect.provide(EmulatorServer.layer())))

  it.live(
    "leaves the same folder as our logout of all sessions, and tells the portal of the same tokens (S20, S5)",
    () =>
      Effect.gen(function*() {
        const { url } = yield* EmulatorServer.EmulatorServer
        const [theirs, ours] = [yield* Portal.make, yield* Portal.make]
        const home = yield* Homes.make(["e2e", "second"])
        const at = home.session("e2e")
        const oidc = atLeast(version, "2.13.0") ? "" : recipe("sh", "AWS_DATA_PATH=", url)
        const device = atLeast(version, "2.22.0") ? " --use-device-code" : ""
        yield* cli(
          home,
          theirs.url,
          `${oidc}\n${
            oidc === "" ? `AWS_ENDPOINT_URL_SSO_OIDC=${url} ` : ""
          }aws sso login --sso-session e2e --no-browser${device}`
        )
        const second = home.session("second")
        const token = yield* Issued.issued(second.settings, -3600)
        yield* Homes.write(second, token)
        const write = (name: string, content: string) => writeFileSync(join(home.cache, name), content)
        const foreign = { accessToken: "of-a-tool", expiresAt: "2026-01-01T00:00:00.123Z", region: "us-east-1" }
        write("a-tool-auth-token.json", JSON.stringify(foreign, undefined, 2))
        write("no-suffix", JSON.stringify({ ...foreign, accessToken: "without-a-time", expiresAt: undefined }))
        write("twin.json", JSON.stringify(foreign))
        write(`${basename(at.token)}.lock`, "")
        write("half.json", "{\"accessToken\":\"ha")
        write("empty.json", "")
        write("list.json", "[]")
        write("notes.txt", "accessToken")
        mkdirSync(join(home.cache, "folder.json"))

        const copy: Homes.Home = { ...home, cache: join(yield* folder, "cache") }
        cpSync(home.cache, copy.cache, { recursive: true })
        const before = contentsOf(home)
        yield* cli(home, theirs.url, "aws sso logout")
        const { session } = yield* Effect.provideService(
          Ours.session(copy, at, url),
          PortalLogout.PortalLogout,
          logoutAt(ours.url)
        )
        assert.deepInclude(yield* session.status, { state: "valid", isValid: true, lock: "kernel lock" })
        const report = yield* session.logout({ all: true })
        assert.deepStrictEqual(report, { removed: 4, untold: [], left: [] })

        assert.deepStrictEqual(contentsOf(copy), contentsOf(home))
        assert.strictEqual(contentsOf(home).size, before.size - 5)
        assert.isTrue(contentsOf(copy).has(basename(at.registration)))
        // the same token in two files is told once by us
        assert.deepStrictEqual(tokensIn(ours), [...new Set(tokensIn(theirs))])
        assert.lengthOf(ours.seen, 4)
        assert.deepStrictEqual(yield* session.status, {
          state: "absent",
          isValid: false,
          refreshable: false,
          store: "AWS cache",
          lock: "kernel lock",
          warnings: []
        })
      }).pipe(
        Effect.scoped,
        Effect.provide(NodeServices.layer),
        Effect.provide(EmulatorServer.layer({ autoApprove: 0 }))
      ),
    90_000
  )
})

/** The files of the cache, and what they have. */
const contentsOf = ({ cache }: Pick<Homes.Home, "cache">): ReadonlyMap<string, string> =>
  new Map(
    readdirSync(cache, { withFileTypes: true })
      .map((entry) =>
        [entry.name, entry.isFile() ? readFileSync(join(cache, entry.name), "utf8") : "a folder"] as const
      )
      .toSorted(([one], [other]) => one < other ? -1 : 1)
  )

/** The tokens that a portal was told of. */
const tokensIn = ({ seen }: Portal.Portal): ReadonlyArray<string> =>
  seen.map(({ path, token }) => `${path} ${String(token)}`).toSorted()

/** Logs out as the portal's package will do. */
const logoutAt = (url: string): PortalLogout.Service => ({
  logout: ({ accessToken }) =>
    Effect.promise(() =>
      fetch(`${url}/logout`, { method: "POST", headers: { "x-amz-sso_bearer_token": Redacted.value(accessToken) } })
        .then(
          ({ ok }) => ok ? "accepted" : "rejected"
        )
    ),
  forget: () => Effect.void
})
