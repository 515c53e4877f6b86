import { assert, describe, it } from "@effect/vitest"
import { bundled } from "@sso-oidc/test-kit/program"
import * as ContractServerNode from "@sso-oidc/testing/contract/ContractServerNode"
import * as TransportContract from "@sso-oidc/testing/contract/TransportContract"
import { execFile } from "node:child_process"
import { join } from "node:path"
import * as Vitest from "vitest"
import * as SocketClient from "./support/socketClient.ts"

const program = join(import.meta.dirname, "support/registered.ts")

const nodeTest = (reporter: string, ...args: ReadonlyArray<string>) =>
  new Promise<string>((resolve) => {
    execFile(process.execPath, [`--test-reporter=${reporter}`, bundled(program), ...args], (_error, stdout) =>
      resolve(stdout))
  })

// as vitest makes a test of each case
TransportContract.register(Vitest.it, { transport: SocketClient.layer(), server: ContractServerNode.layer })

describe("TransportContract.register", () => {
  it("makes a test of each case whose guarantee the transport gives, and of no other case", () => {
    const made: Array<string> = []
    TransportContract.register((name) => made.push(name), {
      transport: SocketClient.layer(),
      server: ContractServerNode.layer,
      guarantees: TransportContract.fetchGuarantees
    })
    const expected = TransportContract.cases.filter(({ guarantee }) =>
      TransportContract.fetchGuarantees.includes(guarantee)
    )
    assert.deepStrictEqual(made, expected.map(({ name }) => name))
    assert.isBelow(made.length, TransportContract.cases.length)
  })

  it("makes a test that fails with the violation", async () => {
    const bodies = new Map<string, () => Promise<void>>()
    TransportContract.register((name, body) => bodies.set(name, body), {
      transport: SocketClient.layer({ keepAlive: false }),
      server: ContractServerNode.layer
    })
    const error: unknown = await bodies.get("connectionReuse: reuses the connection after a 200")?.().then(
      () => undefined,
      (error: unknown) => error
    )
    assert.include(error, {
      _tag: "ContractViolation",
      guarantee: "connectionReuse",
      case: "reuses the connection after a 200"
    })
  })

  it("works with node:test, and its process ends by itself", async () => {
    const kept = await nodeTest("tap")
    assert.match(kept, /^# pass 5$/m)
    assert.match(kept, /^# fail 0$/m)
    const broken = await nodeTest("tap", "broken")
    assert.match(broken, /^# fail 2$/m)
    assert.include(
      broken,
      "In the case \"reuses the connection after a 200\" the contract expected one connection, but there were 3."
    )
    // this reporter shows an error's stack and members, and not its message
    assert.include(
      await nodeTest("spec", "broken"),
      "In the case \"reuses the connection after a 200\" the contract expected one connection, but there were 3."
    )
  })
})
