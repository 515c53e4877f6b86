import { globSync, readFileSync } from "node:fs"
import { availableParallelism } from "node:os"
import { join } from "node:path"
import { defineConfig } from "vitest/config"
import Order from "./.ci/order.mjs"

const root = import.meta.dirname

// the ten slowest files, at the end of each run
const slowest = join(root, ".ci/slowest.mjs")

const laws = "packages/*/test/**/*.test.ts"

/**
 * The files that replace a module with `vi.mock`, or a global with `vi.spyOn`. Other files in the same process would get the replacement
 * too, and a spy would see the timers that they left running.
 *
 * And the files that call the garbage collector. Beside all that the other files of a process hold, each call takes four times as long.
 */
const isolated = globSync(laws, { cwd: root, exclude: ["**/node_modules/**"] })
  .filter((file) =>
    /\bvi\.(?:(?:doMock|hoisted|mock)\(|spyOn\(globalThis\b)|"--expose-gc"\)/.test(
      readFileSync(join(root, file), "utf8")
    )
  )

/**
 * The files that mostly wait in real time: for the limits of a contract, for the leases of real servers, or for the next poll of a program.
 * They need the processor for a third of their time. So they run at the end, with two workers for each core, in the order of this list: the longest comes first.
 */
const waiting = [
  "durable/test/node/DurableNode.postgres",
  "demo/test/main",
  "e2e/test/swap",
  "e2e/test/contract",
  "demo/test/terminal",
  "e2e/test/official/cli",
  "session/test/TokenStore.sql",
  "testing/test/contract/TransportContract",
  "testing/test/contract/TransportContract.connections",
  "session/test/TokenStore.redis",
  "durable/test/RedisLoginStore",
  "e2e/test/worker",
  "e2e/test/interruption",
  "session/test/node/LoopbackCallback",
  "test-kit/test/server",
  "session/test/node/SystemBrowser",
  "transport-node/test/NodeTransport.addresses",
  "transport-node/test/NodeTransport.kept",
  "durable/test/node/DurableNode.file",
  "session/test/TokenStoreContract",
  "session/test/TokenStore.make",
  "testing/test/contract/TransportContract.register",
  "e2e/test/frozen"
].map((name) => `packages/${name}.test.ts`)

const shared = {
  // a test that hangs fails by these; they are long, since the machine may be busy with the other worker and with other work
  testTimeout: 60_000,
  hookTimeout: 60_000,
  // Most objects of a test die young. With the default of 16 MB, the garbage collector takes up to a third of a worker's time.
  execArgv: ["--max-semi-space-size=64"],
  // The tests start many programs that load the same modules. With this, Node compiles each module once.
  env: { NODE_COMPILE_CACHE: join(root, "node_modules/.cache/compiled") }
}

export default defineConfig({
  test: {
    reporters: process.env["CI"] === undefined
      ? ["default", slowest]
      : ["default", slowest, ["json", { outputFile: "node_modules/.cache/test-report.json" }]],
    // The default leaves one core idle. One worker more than cores takes longer: it loads all modules once more.
    maxWorkers: "100%",
    sequence: { sequencer: Order },
    projects: [
      {
        // The files of a worker share the modules that they load. To load Effect again for each file takes longer than the tests.
        test: {
          name: "laws",
          include: [laws],
          exclude: ["**/node_modules/**", ...isolated, ...waiting],
          isolate: false,
          ...shared
        }
      },
      {
        test: { name: "isolated", include: isolated, ...shared }
      },
      {
        test: {
          name: "waiting",
          include: waiting,
          isolate: false,
          maxWorkers: 2 * availableParallelism(),
          sequence: { groupOrder: 1 },
          ...shared
        }
      },
      {
        test: {
          name: "types",
          include: [],
          typecheck: {
            enabled: true,
            only: true,
            checker: "tsc",
            tsconfig: "packages/tsconfig.types.json",
            include: ["packages/*/test/**/*.test-d.ts"]
          }
        }
      }
    ]
  }
})
