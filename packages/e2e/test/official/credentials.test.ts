/**
 * The credentials of a role, as official clients get them from the emulator with the token of a login.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import { run } from "@sso-oidc/test-kit/child"
import * as Issued from "@sso-oidc/test-kit/issued"
import * as Effect from "effect/Effect"
import { join } from "node:path"
import * as Homes from "../support/homes.ts"
import { botocore } from "../support/machine.ts"

const support = (name: string): string => join(import.meta.dirname, "../support", name)

const python = botocore()

interface Found {
  readonly accessKeyId?: string
  readonly secretAccessKey?: string
  readonly sessionToken?: string
  /** In milliseconds since 1970. */
  readonly expiration?: number
  readonly name?: string
  readonly message?: string
}

const clients = [
  { client: "the AWS SDK for JavaScript", command: process.execPath, program: "sso-credentials.ts", isHere: true },
  {
    client: python.title,
    command: python.found?.path ?? "",
    program: "sso_credentials.py",
    isHere: python.found !== undefined
  }
]

// The account and the role of the profile
const account = { accountId: "123456789012", roles: ["Reader"] }

describe.each(clients)("$client, with a profile and the token of a login", ({ command, isHere, program }) => {
  const found = Effect.fnUntraced(function*(home: Homes.Home) {
    const { url } = yield* EmulatorServer.EmulatorServer
    const child = yield* run(command, {
      args: [support(program)],
      env: {
        HOME: home.path,
        AWS_PROFILE: "e2e",
        AWS_ENDPOINT_URL_SSO: url,
        AWS_ENDPOINT_URL_SSO_OIDC: url,
        AWS_MAX_ATTEMPTS: "1",
        AWS_EC2_METADATA_DISABLED: "true"
      }
    })
    const { code, stderr, stdout } = yield* child.ended
    assert.strictEqual(code, 0, stderr)
    const printed: Found = JSON.parse(stdout)
    return printed
  }, Effect.scoped)

  it.live.skipIf(!isHere)(
    "gets credentials of the role, and an error once the role is taken away (E1, E7)",
    () =>
      Effect.gen(function*() {
        const emulator = yield* Emulator.Emulator
        const home = yield* Homes.make(["e2e"])
        const at = home.session("e2e")
        yield* Homes.write(at, yield* Issued.issued(at.settings, 3600))
        const credentials = yield* found(home)
        assert.match(credentials.accessKeyId ?? "", /^ASIA[A-Z2-7]{16}$/, credentials.message)
        assert.lengthOf(credentials.secretAccessKey ?? "", 40)
        assert.lengthOf(credentials.sessionToken ?? "", 816)
        assert.closeTo(credentials.expiration ?? 0, Date.now() + 7_200_000, 60_000)

        yield* emulator.accounts.unassign(account.accountId, "Reader")
        const refused = yield* found(home)
        assert.isUndefined(refused.accessKeyId)
        assert.match(`${refused.name}: ${refused.message}`, /No access|ForbiddenException/)
      }).pipe(
        Effect.scoped,
        Effect.provide(NodeServices.layer),
        Effect.provide(EmulatorServer.layer({ accounts: [account], roleSessionDuration: "2 hours" }))
      )
  )
})
