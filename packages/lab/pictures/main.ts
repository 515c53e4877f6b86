/**
 * Makes the pictures `docs/images/cli-*.png` of the command in real terminals.
 *
 *     pnpm pictures
 *
 * It needs the program `script` of util-linux. The emulator plays AWS. A picture shows what was written until its last text appeared.
 */
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import { launch } from "@sso-oidc/test-kit/browser"
import { folder } from "@sso-oidc/test-kit/child"
import * as Program from "@sso-oidc/test-kit/program"
import * as RealTerminal from "@sso-oidc/test-kit/terminal"
import * as Effect from "effect/Effect"
import * as References from "effect/References"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Styled from "./styled.ts"

const packages = join(import.meta.dirname, "../..")
const images = join(packages, "../docs/images")

const command = Program.bundled(join(packages, "cli/src/bin.ts"))
const list = Program.bundled(join(packages, "cli/test/support/pickerProgram.ts"))

const config = `[profile dev]
sso_session = corp
sso_account_id = 111122223333
sso_role_name = ReadOnlyAccess

[sso-session corp]
sso_start_url = https://corp.awsapps.com/start
sso_region = us-east-1
sso_registration_scopes = sso:account:access
`

interface Picture {
  readonly name: string
  readonly theme: "dark" | "light"
  readonly columns: number
  readonly rows: number
  readonly program: string
  readonly args: string
  /** What is typed, each after its text. */
  readonly keys?: ReadonlyArray<readonly [string, string]>
  /** The text after which the picture is taken. Without one it is taken at the end. */
  readonly until?: string
}

const login = { program: command, args: "login --profile dev --device", until: "left" }

const pictures: ReadonlyArray<Picture> = [
  { name: "login", theme: "dark", columns: 80, rows: 24, ...login },
  { name: "login-40", theme: "light", columns: 40, rows: 24, ...login },
  { name: "status", theme: "light", columns: 80, rows: 24, program: command, args: "status --profile dev" },
  {
    name: "list",
    theme: "light",
    columns: 80,
    rows: 24,
    program: list,
    args: "many",
    keys: [["of 300)", "prod eu"], [": prod eu", "\t\t\t"]],
    until: "3 marked."
  },
  {
    name: "list-40",
    theme: "dark",
    columns: 40,
    rows: 24,
    program: list,
    args: "many",
    keys: [["of 300)", "admin"]],
    until: ": admin"
  }
]

const make = Effect.gen(function*() {
  const { url } = yield* EmulatorServer.EmulatorServer
  const home = yield* folder
  mkdirSync(join(home, ".aws"))
  writeFileSync(join(home, ".aws/config"), config)
  const env = { HOME: home, AWS_ENDPOINT_URL_SSO_OIDC: url, AWS_ENDPOINT_URL_SSO: url }
  // for the status
  yield* Effect.promise(() =>
    RealTerminal.run({ program: command, args: "login --profile dev --device", env, keys: [] })
  )
  const browser = yield* Effect.acquireRelease(
    Effect.promise(launch),
    (browser) => Effect.promise(() => browser.close())
  )
  for (const { columns, name, theme, keys = [], until, ...run } of pictures) {
    yield* Effect.promise(async () => {
      let seen = ""
      const ended = await RealTerminal.run({
        ...run,
        columns,
        env,
        keys: [
          ...keys,
          ...until === undefined ? [] : [
            [until, (pid: number, text: string) => {
              // what was written with it
              setTimeout(() => process.kill(pid, "SIGKILL"), 300)
              seen = text
            }] as const
          ]
        ]
      })
      const page = await browser.newPage({ viewport: { width: 1040, height: 700 } })
      await page.setContent(Styled.page(seen || ended.text, columns, theme))
      await page.locator("pre").screenshot({ path: join(images, `cli-${name}.png`) })
      await page.close()
    })
  }
})

await Effect.runPromise(
  Effect.scoped(make).pipe(
    Effect.provide(EmulatorServer.layer({ autoApprove: "3 seconds" })),
    Effect.provideService(References.MinimumLogLevel, "None")
  )
)
