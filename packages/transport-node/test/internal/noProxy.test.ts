import { assert, describe, it } from "@effect/vitest"
import * as NoProxy from "../../src/internal/noProxy.ts"

const names = (entry: string, url: string) => NoProxy.ruleOf(entry)?.(new URL(url))

const rows: ReadonlyArray<readonly [entry: string, yes: ReadonlyArray<string>, no: ReadonlyArray<string>]> = [
  ["*", ["https://a.example", "http://10.0.0.1", "http://[::1]:8"], []],
  ["a.example", ["https://a.example", "https://b.a.example:8443", "https://A.Example./"], [
    "https://ba.example",
    "https://a.example.evil.test",
    "https://example"
  ]],
  [".a.example", ["https://a.example", "https://b.a.example"], ["https://ba.example"]],
  ["*.a.example", ["https://a.example", "https://c.b.a.example"], ["https://ba.example"]],
  ["A.EXAMPLE.", ["https://a.example"], ["https://b.example"]],
  ["bücher.example", ["https://xn--bcher-kva.example", "https://bücher.example"], ["https://bucher.example"]],
  ["a.example:8443", ["https://a.example:8443", "http://b.a.example:8443"], [
    "https://a.example",
    "https://a.example:84"
  ]],
  ["a.example:443", ["https://a.example"], ["http://a.example", "https://a.example:8443"]],
  ["a.example:80", ["http://a.example"], ["https://a.example"]],
  ["10.0.0.1", ["https://10.0.0.1", "http://10.0.0.1:8080", "http://167772161/"], [
    "https://110.0.0.1",
    "https://10.0.0.10",
    "https://x.10.0.0.1.example"
  ]],
  ["10.0.0.1:8080", ["http://10.0.0.1:8080"], ["http://10.0.0.1"]],
  ["10.1.0.0/16", ["https://10.1.2.3"], ["https://10.2.0.1", "https://ten.example", "https://[::1]"]],
  ["10.1.0.0/16:443", ["https://10.1.2.3"], ["https://10.1.2.3:8443"]],
  ["::1", ["http://[::1]", "http://[::1]:80"], ["http://[::2]", "http://127.0.0.1"]],
  ["[::1]", ["http://[::1]", "http://[::1]:8"], ["http://[::2]"]],
  ["[::1]:8", ["http://[::1]:8", "http://[0:0:0:0:0:0:0:1]:8"], ["http://[::1]"]],
  ["fd00::/8", ["http://[fd12:3456::1]"], ["http://[fe80::1]", "http://a.example"]],
  ["[fd00::/8]:8", ["http://[fd12:3456::1]:8"], ["http://[fd12:3456::1]"]]
]

describe("noProxy", () => {
  it.each(rows)("seam: %s names what other tools read in it", (entry, yes, no) => {
    for (const url of yes) assert.isTrue(names(entry, url), url)
    for (const url of no) assert.isFalse(names(entry, url), url)
  })

  it.each([
    "",
    ".",
    "http://a.example",
    "a.example/path",
    "a@b.example",
    "192.168.*",
    "a.*.example",
    "10.0.0.0/33",
    "10.0.0.0/",
    "10.0.0.0/8/8",
    "10.0.0.0/x",
    "a.example/8",
    "::1/129",
    "[]",
    "[::1",
    "a.example:port",
    "a example"
  ])("seam: %j names nothing", (entry) => {
    assert.isUndefined(NoProxy.ruleOf(entry))
  })

  it("seam: loopback is known by its names and addresses, and by nothing that looks like them", () => {
    for (const host of ["localhost", "LOCALHOST.", "a.localhost", "127.0.0.1", "127.1.2.3", "[::1]", "2130706433"]) {
      assert.isTrue(NoProxy.isLoopback(new URL(`http://${host}:1/`)), host)
    }
    for (const host of ["127.0.0.1.example", "notlocalhost", "localhost.example", "128.0.0.1", "[::2]", "0.0.0.0"]) {
      assert.isFalse(NoProxy.isLoopback(new URL(`http://${host}:1/`)), host)
    }
  })
})
