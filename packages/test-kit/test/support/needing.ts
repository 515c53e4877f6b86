import { assert, describe, it } from "@effect/vitest"
import { find, isMissing, tool } from "../../src/tools.ts"

const there = tool({ name: "Node", install: "", find: () => find("node", ["--version"], /^v(\S+)/) })
const absent = tool({
  name: "a tool",
  install: "Install the package a-tool.",
  find: () => find("no-such-program", [], /(.)/)
})

describe.skipIf(isMissing(there))(there.title, () => {
  it("runs", () => assert.isDefined(there.found))
})

describe.skipIf(isMissing(absent))(absent.title, () => {
  it("needs it", () => assert.isDefined(absent.found))
})
