import { assert, describe, it } from "@effect/vitest"
import * as TrustedUrl from "@sso-oidc/core/aws/TrustedUrl"

describe("aws/TrustedUrl", () => {
  it.each([
    "https://a.example",
    "https://a.example/start/#/device?user_code=AAAA-BBBB",
    "https://a.example/start/#/device?user_code=\\",
    "https://a.example?x",
    "HTTPS://A.EXAMPLE/",
    "http://localhost:8080/x",
    "http://127.0.0.1",
    "http://127.1",
    "http://2130706433/",
    "http://[::1]:1/"
  ])("trusts %s (C7)", (text) => {
    assert.isTrue(TrustedUrl.isTrusted(text))
  })

  it.each([
    "",
    "a.example",
    "//a.example",
    "https:a.example",
    "https:/a.example",
    "https:\\\\a.example",
    "https://a\\@b.example",
    " https://a.example",
    "https://a.example ",
    "https://a.example https://b.example",
    "https://user@a.example",
    "https://user:pass@a.example",
    "https://:pass@a.example",
    "http://a.example",
    "http://localhost.a.example",
    "http://127.0.0.1.a.example",
    "http://[::2]/",
    "javascript:alert(1)",
    "javascript://a.example/%0aalert(1)",
    "data:text/html,x",
    "ftp://localhost/"
  ])("does not trust %j (C7)", (text) => {
    assert.isFalse(TrustedUrl.isTrusted(text))
  })

  it("takes only the whole host for loopback, not its beginning or end (C7)", () => {
    for (const host of ["localhost", "127.0.0.1", "127.255.255.254", "[::1]"]) {
      assert.isTrue(TrustedUrl.isLoopback(host), host)
      for (const other of [`a.${host}`, `1${host}`, `${host}.a`, `${host}1.a`]) {
        assert.isFalse(TrustedUrl.isLoopback(other), other)
      }
    }
  })
})
