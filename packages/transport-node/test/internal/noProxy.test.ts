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
  ["[fd00::/8]:8", ["http://[fd12:3456::1]:8"], ["http://[fd12:3456::1]"]],
  ["*:443", ["https://a.example", "https://10.0.0.1", "https://[::1]", "http://a.example:443"], [
    "http://a.example",
    "https://a.example:8443"
  ]],
  ["*:*", ["https://a.example", "http://10.0.0.1:8"], []],
  ["a.example:*", ["https://a.example", "http://b.a.example:8"], ["https://b.example"]],
  ["*.a.example:443", ["https://a.example", "https://b.a.example"], ["http://b.a.example", "https://ba.example"]],
  [".a.example:8443", ["https://b.a.example:8443"], ["https://b.a.example"]],
  ["a.example.:443", ["https://a.example", "https://a.example."], ["https://a.example:8443"]],
  ["[::1]:*", ["http://[::1]:8", "https://[::1]"], ["http://[::2]:8"]],
  ["192.168.*", ["http://192.168.0.1", "https://192.168.255.255:8443"], [
    "http://192.169.0.1",
    "http://192.168.evil.example",
    "http://[::1]"
  ]],
  ["10.*.0.1:80", ["http://10.7.0.1"], ["https://10.7.0.1", "http://10.7.0.2"]],
  ["*example", ["https://a.example", "https://example", "https://myexample"], ["https://a.example.test"]],
  ["a.*.Example", ["https://a.b.example", "https://a.b.c.example"], ["https://a.example", "https://b.a.b.example"]],
  ["*.*", ["https://a.example", "http://10.0.0.1"], ["http://intranet"]],
  ["a*a.example:443", ["https://aa.example", "https://aba.example"], ["https://a.example", "https://aba.example:8"]]
]

describe("noProxy (the seam)", () => {
  it.each(rows)("matches with the entry %s what other tools match with it", (entry, yes, no) => {
    for (const url of yes) assert.isTrue(names(entry, url), url)
    for (const url of no) assert.isFalse(names(entry, url), url)
  })

  it.each([
    "",
    ".",
    "http://a.example",
    "a.example/path",
    "a@b.example",
    "192.168.",
    "192.168",
    "10.0.0.*.1",
    "*.168",
    "300.*",
    "[*]:443",
    "[a.example]",
    ":443",
    "a.example:0",
    "a.example:65536",
    "a.example:443:443",
    "a.example;b.example",
    "<local>",
    "fe80::*",
    "10.0.0.1-10.0.0.9",
    "bü*.example",
    "a..example",
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
  ])("rejects the entry %j", (entry) => {
    assert.isUndefined(NoProxy.ruleOf(entry))
  })

  it("matches a pattern of many stars in linear time", () => {
    const rule = NoProxy.ruleOf(`${"a*".repeat(100)}b`)
    const began = performance.now()
    assert.isFalse(rule?.(new URL(`http://${"a".repeat(200)}`)))
    assert.isBelow(performance.now() - began, 100)
  })

  it("knows loopback by its names and addresses, and nothing that looks like them", () => {
    for (const host of ["localhost", "LOCALHOST.", "a.localhost", "127.0.0.1", "127.1.2.3", "[::1]", "2130706433"]) {
      assert.isTrue(NoProxy.isLoopback(new URL(`http://${host}:1/`)), host)
    }
    for (const host of ["127.0.0.1.example", "notlocalhost", "localhost.example", "128.0.0.1", "[::2]", "0.0.0.0"]) {
      assert.isFalse(NoProxy.isLoopback(new URL(`http://${host}:1/`)), host)
    }
  })
})
