import { assert, describe, it } from "@effect/vitest"
import type * as RoleCredentials from "@sso-oidc/portal/RoleCredentials"
import { dice } from "@sso-oidc/test-kit/dice"
import * as DateTime from "effect/DateTime"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { spawnSync } from "node:child_process"
import * as CredentialText from "../src/CredentialText.ts"

const credentialsOf = (secret: string, token = "token"): RoleCredentials.RoleCredentials => ({
  accountId: "111122223333",
  roleName: "ReadOnly",
  accessKeyId: "ASIAEXAMPLE",
  secretAccessKey: Redacted.make(secret),
  sessionToken: Redacted.make(token),
  expiration: DateTime.makeUnsafe("2026-11-26T08:00:00.999Z")
})

const textOf = (format: CredentialText.Format, credentials: RoleCredentials.RoleCredentials): string =>
  Result.getOrThrow(CredentialText.encode(format, credentials))

// what shells, quotes and code pages change
const alphabet = [
  ..."aZ09/+=_:.-~'\"`\\$!#&|;<>(){}[]*?^%@, \t\n\r\x01\x7f\u0085\u2028\u2018\u2019\u201a\u201b\u201cé漢😀",
  "=a",
  ":=",
  ":~",
  "$(x)",
  "\\n",
  "''"
]

const { below, pick } = dice(18)
const values = [
  "=ls",
  "a:=ls",
  "~",
  "a:~",
  "-n",
  "x\n",
  ...Array.from({ length: 60 }, () => Array.from({ length: 1 + below(8) }, () => pick(alphabet)).join(""))
]

describe("the forms of credentials", () => {
  it("process is one line of JSON, with the time in whole seconds (K4)", () => {
    const text = textOf("process", credentialsOf("s\n\u2028"))
    assert.notInclude(text, "\n")
    assert.deepStrictEqual(JSON.parse(text), {
      Version: 1,
      AccessKeyId: "ASIAEXAMPLE",
      SecretAccessKey: "s\n\u2028",
      SessionToken: "token",
      Expiration: "2026-11-26T08:00:00Z",
      AccountId: "111122223333"
    })
  })

  it.each(
    [
      ["env", "export ", "=", ""],
      ["env-no-export", "", "=", ""],
      ["fish", "set -gx ", " \"", "\";"],
      ["powershell", "$Env:", "=\"", "\""],
      ["windows-cmd", "set ", "=", ""]
    ] as const
  )("%s prints usual values as the AWS CLI does (K4)", (format, before, is, after) => {
    const secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY=="
    assert.deepStrictEqual(
      textOf(format, credentialsOf(secret)).split("\n"),
      [
        ["AWS_ACCESS_KEY_ID", "ASIAEXAMPLE"],
        ["AWS_SECRET_ACCESS_KEY", secret],
        ["AWS_SESSION_TOKEN", "token"],
        ["AWS_CREDENTIAL_EXPIRATION", "2026-11-26T08:00:00Z"]
      ].map(([name, value]) => `${before}${name}${is}${value}${after}`)
    )
  })

  it.each([..."!%^&|<>\"' \t\n@$,;~é"])(
    "windows-cmd fails for a value with %j, which cmd.exe may change (K4)",
    (odd) => {
      for (const credentials of [credentialsOf(`a${odd}`), credentialsOf("a", odd)]) {
        const result = CredentialText.encode("windows-cmd", credentials)
        assert.isTrue(Result.isFailure(result) && result.failure.code === 3)
      }
    }
  )

  it.each(["a\0b", "\ud800", "a\udc00b"])("no form of variables takes %j, which no variable can have (K4)", (odd) => {
    for (const format of CredentialText.formats) {
      const result = CredentialText.encode(format, credentialsOf(odd))
      assert.strictEqual(Result.isSuccess(result), format === "process")
    }
  })
})

// how a person puts the output into the shell: `cat` stands for the command
const shells = [
  { shell: "bash", format: "env", take: "eval \"$(cat)\"" },
  { shell: "dash", format: "env", take: "eval \"$(cat)\"" },
  { shell: "zsh", format: "env", take: "eval \"$(cat)\"" },
  { shell: "bash", format: "env-no-export", take: "set -a; eval \"$(cat)\"" },
  { shell: "dash", format: "env-no-export", take: "set -a; eval \"$(cat)\"" },
  { shell: "zsh", format: "env-no-export", take: "set -a; eval \"$(cat)\"" },
  { shell: "fish", format: "fish", take: "cat | source" },
  { shell: "fish", format: "fish", take: "eval (cat)" }
] as const

const show = `sh -c 'printf "%s\\0" "$AWS_SECRET_ACCESS_KEY"'`

const isThere = (shell: string): boolean => spawnSync(shell, ["-c", "exit 0"]).status === 0

describe.each(shells)("$shell with $format and $take", ({ format, shell, take }) => {
  it.skipIf(!isThere(shell))("gives every value back byte for byte (K4)", () => {
    // the forms of all values, each followed by what prints the variable, are one input
    const printed = shell === "fish"
      ? "printf '%s\\0' $AWS_SECRET_ACCESS_KEY;"
      : "printf '%s\\0' \"$AWS_SECRET_ACCESS_KEY\""
    const input = values.map((value) => `${textOf(format, credentialsOf(value))}\n${printed}\n`).join("")
    const { status, stderr, stdout } = spawnSync(shell, ["-c", `${take}; ${show}`], {
      input,
      env: { PATH: process.env["PATH"], HOME: "/nonexistent", LC_ALL: "C.UTF-8" }
    })
    assert.deepStrictEqual([status, String(stderr)], [0, ""])
    // the last value also as a child of the shell has it
    assert.deepStrictEqual(String(stdout).split("\0"), [...values, values.at(-1) ?? "", ""])
  })
})

/** Reads the value as PowerShell does: texts in quotes, numbers of characters, and `+`. Any two quotes in a row are one. */
const ofPowershell = (text: string): string => {
  const quote = /['\u2018\u2019\u201a\u201b]/
  let rest = text
  let value = ""
  for (;;) {
    const [, code] = /^\[char\](\d+)/.exec(rest) ?? []
    if (code !== undefined) {
      value += String.fromCharCode(Number(code))
      rest = rest.slice("[char]".length + code.length)
    } else {
      assert.match(rest, /^'/)
      rest = rest.slice(1)
      while (!quote.test(rest[0] ?? "") || quote.test(rest[1] ?? "")) {
        assert.match(rest, /^[\x20-\x7e]/)
        value += rest[0]
        rest = rest.slice(quote.test(rest[0] ?? "") ? 2 : 1)
      }
      rest = rest.slice(1)
    }
    if (rest === "") return value
    assert.match(rest, /^\+./)
    rest = rest.slice(1)
  }
}

describe("powershell", () => {
  it("gives every value back by PowerShell's rules, and is ASCII without line breaks (K4)", () => {
    for (const value of values) {
      const lines = textOf("powershell", credentialsOf(value)).split("\n")
      assert.lengthOf(lines, 4)
      const [, text = ""] = /^\$Env:AWS_SECRET_ACCESS_KEY=(.*)$/.exec(lines[1] ?? "") ?? []
      assert.strictEqual(/^"[\w/+=.:-]+"$/.test(text) ? text.slice(1, -1) : ofPowershell(text), value)
      assert.match(text, /^(?:"|'')/)
    }
  })
})
