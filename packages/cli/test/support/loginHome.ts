/**
 * A home with AWS's config file, the emulator as its service, a terminal in memory, and the person at the browser.
 */
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import type * as Terminal from "@sso-oidc/terminal/Terminal"
import { folder } from "@sso-oidc/test-kit/child"
import { front } from "@sso-oidc/test-kit/front"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Cli from "../../src/Cli.ts"
import * as Host from "../../src/Host.ts"

export const config = "[profile dev]\nsso_session = corp\n\n" +
  "[sso-session corp]\nsso_start_url = https://corp.awsapps.com/start\nsso_region = us-east-1\n" +
  "sso_registration_scopes = sso:account:access\n"

export interface Options {
  /** How many milliseconds the response to a request waits. */
  readonly takes?: (path: string) => number
}

/** What a run of the command gave. */
export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A terminal in memory, or none. */
export interface At {
  readonly terminal?: Terminal.Terminal
  /** Whether a person reads and types. `true` with a terminal. */
  readonly isInteractive?: boolean
}

/** Makes a home. The emulator must be there. */
export const make = Effect.fnUntraced(function*({ takes }: Options = {}) {
  const { port } = yield* EmulatorServer.EmulatorServer
  const { seen, url } = yield* front(port, takes)
  const home = yield* folder
  mkdirSync(join(home, ".aws"))
  writeFileSync(join(home, ".aws/config"), config)
  const variables = { HOME: home, AWS_ENDPOINT_URL_SSO_OIDC: url, AWS_ENDPOINT_URL_SSO: url }
  const cache = join(home, ".aws/sso/cache")
  /** Runs the command in this process, without this process's variables. */
  const run = Effect.fnUntraced(function*(args: ReadonlyArray<string>, at: At = {}) {
    const out: Array<string> = []
    const err: Array<string> = []
    const { terminal } = at
    const console: Console.Console = {
      ...globalThis.console,
      log: (text: string) => {
        out.push(`${text}\n`)
      },
      error: (text: string) => {
        err.push(`${text}\n`)
        terminal?.write(`${text}\n`)
      }
    }
    const look = () => ({
      columns: terminal?.size().columns ?? Infinity,
      colours: terminal?.colours ?? false,
      utf8: terminal?.utf8 ?? true
    })
    const host: Host.Service = {
      isInteractive: at.isInteractive ?? terminal !== undefined,
      hasTerminal: terminal !== undefined,
      output: look,
      messages: look,
      terminal,
      write: (line) => {
        err.push(`${line}\n`)
      },
      environment: variables,
      takeSignals: () => Effect.void
    }
    const code = yield* Cli.run(args).pipe(
      Effect.provideService(Host.Host, host),
      Effect.provideService(Console.Console, console),
      Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnvRecord(variables)))
    )
    return { code, stdout: out.join(""), stderr: err.join("") } satisfies Ran
  })
  return {
    home,
    variables,
    run,
    /** The paths of the requests since the last look. */
    sent: () => seen.splice(0).map((line) => line.replace(/^\S+ /, "")),
    /** The names of the files in the CLI's cache, without those of locks. */
    files: () => existsSync(cache) ? readdirSync(cache).filter((name) => !name.endsWith(".lock")).sort() : []
  }
})

/** Opens the page at this URL as a browser does, presses a button there, and gives the URL that the browser then goes to. */
export const decided = async (url: string, button: "Allow" | "Deny" = "Allow"): Promise<string> => {
  const page = await (await fetch(url)).text()
  for (const [form] of page.matchAll(/<form\b[^>]*\bmethod="post"[\s\S]*?<\/form>/g)) {
    const pressed = [...form.matchAll(/(<button\b[^>]*>)([^<]*)<\/button>/g)].find(([, , label]) =>
      label?.trim() === button
    )
    if (pressed === undefined) continue
    const attribute = (tag: string, name: string) =>
      (new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1] ?? "").replace(
        /&#(\d+);/g,
        (_, code: string) => String.fromCodePoint(Number(code))
      )
    const fields = [...form.matchAll(/<input\b[^>]*>/g)].map(([tag]) => tag).concat(pressed[1] ?? "")
    const response = await fetch(new URL(attribute(form, "action"), url), {
      method: "POST",
      body: new URLSearchParams(fields.map((tag) => [attribute(tag, "name"), attribute(tag, "value")])),
      redirect: "manual"
    })
    return response.headers.get("location") ?? ""
  }
  throw new Error("the page has no such button")
}

/** Presses a button on the page, and lets the browser come back to the program. */
export const pressed = async (url: string, button: "Allow" | "Deny" = "Allow"): Promise<number> =>
  (await fetch(await decided(url, button))).status
