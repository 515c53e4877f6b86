import { assert, describe, it } from "@effect/vitest"
import * as RateLimit from "@sso-oidc/relay/RateLimit"

describe("RateLimit.keyOfAddress", () => {
  it.each([
    ["192.0.2.1", "192.0.2.1"],
    ["0.0.0.0", "0.0.0.0"],
    ["255.255.255.255", "255.255.255.255"],
    ["127.0.0.1", "127.0.0.1"]
  ])("leaves an IPv4 address as it is: %s", (address, key) => assert.strictEqual(RateLimit.keyOfAddress(address), key))

  it.each([
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8:1:2::", "2001:db8:1:2::/64"],
    ["2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"],
    ["2001:0DB8:0001:0002:0003::1", "2001:db8:1:2::/64"],
    ["2001:db8:1:2:3:4:192.0.2.1", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["::", "0:0:0:0::/64"],
    ["1::", "1:0:0:0::/64"],
    ["::2:3:4:5:6:7:8", "0:2:3:4::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    // IPv4-compatible, which no host has (RFC 4291, section 2.5.5.1)
    ["::192.0.2.1", "0:0:0:0::/64"]
  ])("takes the /64 of an IPv6 address: %s", (address, key) => assert.strictEqual(RateLimit.keyOfAddress(address), key))

  it("gives the addresses of one /64 one key, and those of another /64 another", () => {
    const keys = new Set(
      ["2001:db8:1:2::1", "2001:db8:1:2:3::", "2001:DB8:1:2:f::9"].map((address) => RateLimit.keyOfAddress(address))
    )
    assert.strictEqual(keys.size, 1)
    assert.isFalse(keys.has(RateLimit.keyOfAddress("2001:db8:1:3::1")))
  })

  it.each([
    "::ffff:192.0.2.1",
    "::FFFF:192.0.2.1",
    "::ffff:c000:201",
    "0:0:0:0:0:ffff:192.0.2.1",
    "0000:0000:0000:0000:0000:ffff:c000:0201",
    // NAT64 (RFC 6052)
    "64:ff9b::192.0.2.1",
    "64:ff9b::c000:201"
  ])("counts an IPv4 address inside an IPv6 address as the IPv4 address: %s", (address) => {
    assert.strictEqual(RateLimit.keyOfAddress(address), "192.0.2.1")
  })

  it.each([
    "",
    " ",
    "unknown",
    "localhost",
    "192.0.2",
    "192.0.2.1.5",
    "192.0.2.256",
    "192.0.2.01",
    "192.0.2.1, 198.51.100.1",
    "192.0.2.1:80",
    "[2001:db8::1]",
    "2001:db8::1::2",
    "2001:db8",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7::8:9",
    "2001:db8::12345",
    "2001:db8::g",
    ":::",
    ":1:2:3:4:5:6:7",
    "::ffff:192.0.2.256",
    "::ffff:192.0.2",
    "a.b.c.d",
    `${":".repeat(100_000)}`,
    `${"%".repeat(100_000)}`
  ])("gives everything that is no address the same key, the empty text: %#", (address) => {
    assert.strictEqual(RateLimit.keyOfAddress(address), "")
  })

  it("gives a connection without an address the empty text", () => {
    assert.strictEqual(RateLimit.keyOfAddress(undefined), "")
    assert.strictEqual(RateLimit.keyOfAddress(null), "")
    assert.strictEqual(RateLimit.keyOfAddress(Object(7)), "")
  })
})
