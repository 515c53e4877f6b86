/**
 * The program `script` of util-linux, which runs another program in a terminal of its own.
 */
import { assert } from "@effect/vitest"
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import * as FakeScreen from "./screen.ts"
import * as Tools from "./tools.ts"

/** Other programs of that name have other flags. */
export const script: Tools.Tool = Tools.tool({
  name: "the script of util-linux",
  install: "Install util-linux.",
  find: () => Tools.find("script", ["--version"], /util-linux (\d+\.\S+)/)
})

/** What a person does in a terminal. */
export type Act =
  /** Types these keys. */
  | string
  /** Makes the window this large. */
  | { readonly columns: number; readonly rows: number }
  /** Does something else, with the number of the program's process. */
  | ((pid: number) => unknown)

/** A program to run in a terminal. */
export interface Run {
  /** The path of the program, for Node. */
  readonly program: string
  /** Its arguments, as a shell reads them. */
  readonly args?: string
  readonly env?: Readonly<Record<string, string>>
  /** 100 by default. */
  readonly columns?: number
  /** 40 by default. */
  readonly rows?: number
  /** What the person does, each after its text has appeared. */
  readonly keys?: ReadonlyArray<readonly [after: string, act: Act]>
}

/** Runs a program in a terminal. Gives its output, and the screen at the end. */
export const run = async ({ args = "", columns = 100, env = {}, keys = [], program, rows = 40 }: Run) => {
  const child = spawn(
    "script",
    [
      "-qec",
      // noflsh: without it a Ctrl-C throws away what the program has written and the test has not read
      `echo $$ $(tty); stty cols ${columns} rows ${rows} noflsh; exec "${process.execPath}" "${program}" ${args}`,
      "/dev/null"
    ],
    {
      env: {
        PATH: process.env["PATH"] ?? "",
        NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] ?? "",
        TERM: "xterm-256color",
        LANG: "C.UTF-8",
        SHELL: "/bin/sh",
        ...env
      },
      stdio: ["pipe", "pipe", "inherit"],
      // a program that outlived its test would keep the whole run from its end
      timeout: 60_000
    }
  )
  // A program that ends early does not read the last key. Its exit code says why it ended.
  child.stdin.on("error", () => {})
  const left = [...keys]
  // a terminal may report the size 0
  const { screen } = FakeScreen.make({ columns: columns || 80, rows: rows || 24 })
  let place: readonly [pid: number, device: string] | undefined
  let text = ""
  let from = 0
  let drawn = 0
  const draw = () => {
    screen.write(text.slice(drawn))
    drawn = text.length
  }
  child.stdout.setEncoding("utf8").on("data", (data: string) => {
    text += data
    if (place === undefined) {
      const [line = "", end] = text.split("\r\n", 2)
      if (end === undefined) return
      const [pid, device = ""] = line.split(" ")
      place = [Number(pid), device]
      text = text.slice(line.length + 2)
    }
    for (let [next] = left; next !== undefined && text.includes(next[0], from); [next] = left) {
      const [after, act] = next
      from = text.indexOf(after, from) + after.length
      left.shift()
      if (typeof act === "string") {
        child.stdin.write(act)
      } else if (typeof act === "function") {
        act(place[0])
      } else {
        draw()
        screen.resize({ ...act })
        spawnSync("stty", ["-F", place[1], "cols", `${act.columns}`, "rows", `${act.rows}`])
      }
    }
  })
  const [code] = await once(child, "close")
  draw()
  assert.deepStrictEqual(left, [], text)
  return {
    code,
    text,
    visible: screen.visible,
    screen: screen.text,
    lines: screen.text.split("\n"),
    column: screen.column
  }
}
