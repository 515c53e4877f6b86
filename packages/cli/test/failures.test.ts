/**
 * How each command ends when something is wrong: the exit code, the name of the error, and its sentence.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import type * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import type * as Fault from "@sso-oidc/emulator/Fault"
import * as Lock from "@sso-oidc/session/Lock"
import * as KernelLock from "@sso-oidc/session/node/KernelLock"
import * as Effect from "effect/Effect"
import { mkdirSync, rmSync } from "node:fs"
import { dirname, join } from "node:path"
import * as Home from "./support/home.ts"
import { run } from "./support/ran.ts"
import { fast } from "./support/time.ts"

type Command = "status" | "accounts" | "roles" | "credentials" | "logout" | "login --device" | "configure"

/** The exit code, the tag of the error, and words of its sentence. Without a tag the command has no error. */
type End = readonly [code: number, tag?: string | undefined, words?: RegExp]

interface Day {
  /** What is wrong. */
  readonly title: string
  readonly prepare: (
    home: Home.Home
  ) => Effect.Effect<unknown, unknown, Emulator.Emulator | EmulatorServer.EmulatorServer>
  /** The variables that differ. An empty one counts as absent. */
  readonly env?: (home: Home.Home) => Readonly<Record<string, string>>
  readonly ends: Readonly<Partial<Record<Command, End>>>
}

const armed = (fault: Fault.Fault) => Effect.flatMap(Emulator.Emulator, ({ faults }) => faults.arm(fault))

const loggedIn = (home: Home.Home) => home.logIn(3600)

const nothing = () => Effect.void

/** An ordinary day, on which a command meets this fault at each request. */
const faulty = (fault: Fault.Fault) => (home: Home.Home) =>
  Effect.andThen(loggedIn(home), armed({ ...fault, times: 100 }))

/** All commands that send something to the portal end like this. */
const portal = (end: End) => ({ accounts: end, roles: end, credentials: end })

const all = (end: End) => ({ status: end, ...portal(end), logout: end, "login --device": end })

/** One command of each kind that reads the config file in its own way. */
const readers = (end: End) => ({ status: end, accounts: end, configure: end })

const raw = (status: number, type: string, message = "no"): Fault.Fault => ({
  _tag: "RawResponse",
  status,
  body: JSON.stringify({ __type: `com.amazonaws.switchboard.portal#${type}`, message })
})

const busy = /HTTP (?:429|503)/

const days: ReadonlyArray<Day> = [
  {
    title: "no network",
    prepare: loggedIn,
    env: () => ({ AWS_ENDPOINT_URL_SSO: "http://127.0.0.1:1", AWS_ENDPOINT_URL_SSO_OIDC: "http://127.0.0.1:1" }),
    ends: {
      status: [0],
      accounts: [3, "TransportError", /could not be sent to 127\.0\.0\.1:1 \(ECONNREFUSED\)/],
      credentials: [3, "TransportError", /ECONNREFUSED/],
      logout: [0, undefined, /The portal did not confirm a logout.*ECONNREFUSED/],
      "login --device": [3, "TransportError", /ECONNREFUSED/]
    }
  },
  {
    title: "a portal that rejects the role",
    prepare: faulty(raw(403, "ForbiddenException", "No access")),
    ends: { ...portal([1, "ForbiddenException", /No access/]), logout: [0] }
  },
  {
    title: "a portal that does not know the role",
    prepare: faulty({ _tag: "Exception", exception: "ResourceNotFoundException" }),
    ends: { roles: [1, "ResourceNotFoundException"], credentials: [1, "ResourceNotFoundException", /HTTP 404/] }
  },
  {
    title: "a portal that has too many requests",
    prepare: faulty(raw(429, "TooManyRequestsException")),
    ends: { ...portal([4, "TooManyRequestsException", busy]), logout: [0, undefined, /did not confirm/] }
  },
  {
    title: "a portal that is down",
    prepare: faulty({ _tag: "RawResponse", status: 503, body: "<h1>Down</h1>", contentType: "text/html" }),
    ends: { status: [0], ...portal([4, "UnexpectedResponse", busy]), "login --device": [4, "UnexpectedResponse", busy] }
  },
  {
    title: "a portal that rejects without a type",
    prepare: faulty({
      _tag: "RawResponse",
      status: 403,
      body: JSON.stringify({ message: "No access" }),
      contentType: "application/json"
    }),
    ends: portal([1, "UnexpectedResponse", /rejected the request: log in again, and check the account/])
  },
  {
    title: "responses that cannot be used",
    prepare: faulty({ _tag: "RawResponse", status: 200, body: "<h1>Welcome</h1>", contentType: "text/html" }),
    ends: { ...portal([3, "UnexpectedResponse"]), "login --device": [3, "UnexpectedResponse"] }
  },
  {
    title: "no login",
    prepare: nothing,
    ends: {
      status: [1, undefined, /not logged in/],
      ...portal([1, "NotLoggedIn", /sso-oidc login/]),
      logout: [0]
    }
  },
  {
    title: "a login that ended",
    prepare: (home) => home.logIn(-60, { refreshToken: "no-service-issued-it" }),
    ends: { status: [1], ...portal([1, "SessionEnded", /Run: sso-oidc login/]), logout: [0] }
  },
  {
    title: "a token that the portal rejects",
    prepare: (home) => home.logIn(3600, { accessToken: "no-service-issued-it", refreshToken: "nor-that" }),
    ends: { status: [0], ...portal([1, "SessionEnded", /sso-oidc login/]), logout: [0] }
  },
  {
    title: "a refresh whose response was lost",
    prepare: (home) =>
      Effect.gen(function*() {
        yield* home.logIn(-60)
        yield* armed({ _tag: "ConnectionReset", operation: "CreateToken", carriedOut: true })
        // this one loses it
        yield* run(["accounts"], home)
      }),
    ends: { ...portal([4, "SessionPossiblyLost", /lost/]), status: [1] }
  },
  {
    title: "another process that holds the refresh",
    prepare: (home) => home.logIn(-60),
    ends: portal([4, "StoreBusy", /process/])
  },
  {
    title: "a token file that cannot be read",
    prepare: (home) => Effect.sync(() => mkdirSync(home.token, { recursive: true })),
    ends: { ...all([5, "StoreError", /store cannot be read \(EISDIR\)/]) }
  },
  {
    title: "a cache that cannot be made",
    prepare: (home) => Effect.sync(() => home.write(".aws/sso", "a file")),
    ends: { "login --device": [5, "StoreError", /ENOTDIR/], ...portal([5, "StoreError", /ENOTDIR/]) }
  },
  {
    title: "a token file that is no token",
    prepare: (home) => Effect.sync(() => home.write(home.token.slice(home.path.length), "{")),
    ends: { status: [1, undefined, /cannot be read/], ...portal([1, "NotLoggedIn", /sso-oidc login/]), logout: [0] }
  },
  {
    title: "no HOME",
    prepare: nothing,
    env: () => ({ HOME: "" }),
    ends: readers([2, "AwsConfigError", /Set HOME/])
  },
  {
    title: "no config file",
    prepare: (home) => Effect.sync(() => rmSync(join(home.path, ".aws/config"))),
    ends: all([2, "ProfileNotFound", /no profile "dev", which AWS_PROFILE names\. Write one with `sso-oidc configure`/])
  },
  {
    title: "a config file in UTF-16",
    prepare: (home) => Effect.sync(() => home.write(".aws/config", Buffer.from(Home.config, "utf16le"))),
    ends: readers([2, "AwsConfigError", /not UTF-8/])
  },
  {
    title: "a config file that is a folder",
    prepare: (home) =>
      Effect.sync(() => {
        rmSync(join(home.path, ".aws/config"))
        mkdirSync(join(home.path, ".aws/config"))
      }),
    ends: readers([2, "AwsConfigError", /EISDIR/])
  },
  {
    title: "a huge config file",
    prepare: (home) => Effect.sync(() => home.write(".aws/config", Home.config + "#".repeat(1024 * 1024))),
    ends: readers([2, "AwsConfigError", /more than 1 MiB/])
  },
  {
    title: "an endpoint that cannot be used",
    prepare: loggedIn,
    env: () => ({ AWS_ENDPOINT_URL_SSO: "http://portal.example" }),
    ends: all([2, "AwsConfigError", /AWS_ENDPOINT_URL_SSO/])
  },
  {
    title: "authorities that cannot be read",
    prepare: loggedIn,
    env: (home) => ({ AWS_CA_BUNDLE: join(home.path, "absent.pem") }),
    ends: {
      status: [0],
      ...portal([2, "ConfigError", /^The transport cannot be built: the variable AWS_CA_BUNDLE .*ENOENT/])
    }
  }
]

/** Holds the lock of the token, as a process does that was stopped. */
const held = (home: Home.Home) =>
  Effect.gen(function*() {
    mkdirSync(dirname(home.token), { recursive: true })
    const lock = yield* (yield* Lock.Lock).open(`${home.token}.lock`)
    assert.isTrue(yield* lock.attempt)
  }).pipe(Effect.provide([KernelLock.layer, NodeServices.layer]))

describe("a command on a bad day", () => {
  it.effect.each(days)(
    "ends as the table of the exit codes says, on a day with $title (K3, K2)",
    ({ ends, env, prepare, title }) =>
      Effect.gen(function*() {
        for (const [command, [code, tag, words]] of Object.entries(ends)) {
          const home = yield* Home.make()
          yield* prepare(home)
          if (title.startsWith("another process")) yield* held(home)
          const around = { env: { ...home.env, ...env?.(home) } }
          const more = command === "configure"
            ? ["--sso-session", "x", "--start-url", "https://x.example", "--region", "eu-west-1"]
            : []
          const ran = yield* run([...command.split(" "), ...more, "--json"], around)
          const name = `${command}: ${ran.stdout}${ran.stderr}`
          assert.strictEqual(ran.code, code, name)
          assert.match(ran.stdout, /^[^\n]+\n$/, name)
          const printed = JSON.parse(ran.stdout)
          if (tag === undefined) assert.notProperty(printed, "error", name)
          else {
            assert.strictEqual(printed.error.tag, tag, name)
            assert.deepStrictEqual(Object.keys(printed.error), ["tag", "message"])
            // a person reads the same
            assert.isTrue(ran.stderr.endsWith(`${printed.error.message}\n`), name)
          }
          if (words !== undefined) {
            const text = tag === undefined && command === "status" ? (yield* run([command], around)).stdout : ran.stderr
            assert.match(text, words, name)
          }
          // neither a path of the person, nor a stack trace, nor a secret
          for (const secret of [home.path, "\n    at ", "no-service-issued-it"]) {
            assert.notInclude(ran.stderr, secret, name)
          }
        }
      }).pipe(Effect.scoped, fast, Effect.provide(Home.emulator({ autoApprove: 0 })))
  )
})
