/**
 * Completions, in the shells of this machine.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Child from "@sso-oidc/test-kit/child"
import * as Tools from "@sso-oidc/test-kit/tools"
import * as Effect from "effect/Effect"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { run } from "./support/ran.ts"

const script = Effect.fnUntraced(function*(shell: string) {
  const { code, stderr, stdout } = yield* run(["--completions", shell], { env: {} })
  assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" })
  return stdout
})

/** Calls the function that bash would call at Tab, for each line. The last word of a line is being typed. */
const completed = Effect.fnUntraced(function*(lines: ReadonlyArray<ReadonlyArray<string>>) {
  const calls = lines.map((words) =>
    `COMP_WORDS=(sso-oidc ${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length}
COMP_LINE='sso-oidc ${words.join(" ")}'; COMP_POINT=\${#COMP_LINE}; COMPREPLY=()
"$complete" sso-oidc '${words.at(-1) ?? ""}' '${words.at(-2) ?? "sso-oidc"}'; echo "\${COMPREPLY[*]}"`
  )
  const bash = yield* Child.run("bash", {
    args: ["--norc"],
    input: `${yield* script("bash")}
complete=$(complete -p sso-oidc | sed 's/.*-F \\([^ ]*\\) .*/\\1/')
${calls.join("\n")}
`
  })
  const { code, stderr, stdout } = yield* bash.ended
  assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" })
  return stdout.replace(/\n$/, "").split("\n")
})

const shells = [
  ["zsh", Tools.find("zsh", ["--version"], /^zsh (\d+\.\d+)/), "-n"],
  ["fish", Tools.find("fish", ["--version"], /version (\d+\.\d+)/), "--no-execute"]
] as const

describe("sso-oidc --completions", () => {
  it.live("completes commands, flags and their values in bash (K1)", () =>
    Effect.gen(function*() {
      const found = yield* completed([
        [""],
        ["lo"],
        ["--pro"],
        ["--profile", "dev", "st"],
        ["logout", "--a"],
        ["credentials", "--format", "p"],
        ["configure", "--s"],
        // the program of exec is not ours
        ["exec", "--", "ls", "--a"]
      ])
      assert.deepStrictEqual(found, [
        "login logout status accounts roles credentials exec configure",
        "login logout",
        "--profile",
        "status",
        "--all",
        "process powershell",
        "--start-url --scopes --sso-session",
        ""
      ])
    }).pipe(Effect.scoped))

  it.live("is text that zsh and fish can read, if they are on this machine (K1)", () =>
    Effect.gen(function*() {
      for (const [name, shell, flag] of shells) {
        const text = yield* script(name)
        assert.include(text, "credentials")
        if (shell === undefined) continue
        const path = join(yield* Child.folder, "completions")
        writeFileSync(path, text)
        const checked = yield* Child.run(shell.path, { args: [flag, path], input: "" })
        assert.deepStrictEqual(yield* checked.ended, { code: 0, stdout: "", stderr: "" })
      }
      assert.include(yield* script("powershell"), "Register-ArgumentCompleter")
    }).pipe(Effect.scoped))
})
