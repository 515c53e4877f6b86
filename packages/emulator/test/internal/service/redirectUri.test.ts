import { assert, describe, it } from "@effect/vitest"
import * as RedirectUri from "../../../src/internal/service/redirectUri.ts"

describe("internal/service/redirectUri", () => {
  it("accepts https, http to loopback and private schemes, without a fragment or user info (E3)", () => {
    const right = [
      "http://127.0.0.1/oauth/callback",
      "http://[::1]:8080/",
      "http://localhost:1",
      "https://app.example/cb?a=b",
      "com.example.app:/cb"
    ]
    const wrong = [
      "http://app.example/cb",
      "https://app.example/cb#a",
      "https://a:b@app.example/",
      "javascript:alert(1)",
      "data:text/html,x",
      "app:/cb",
      "/cb",
      ""
    ]
    for (const uri of right) assert.isTrue(RedirectUri.isRedirectUri(uri), uri)
    for (const uri of wrong) assert.isFalse(RedirectUri.isRedirectUri(uri), uri)
  })

  it("refuses a host that would start another directive of the page's policy (E4)", () => {
    for (const host of ["a;script-src", "a,b", "a'b", "a\"b", "a!b"]) {
      assert.isFalse(RedirectUri.isRedirectUri(`https://${host}.example/cb`), host)
    }
  })

  it("escapes what it adds to a query, and keeps the rest (E3)", () => {
    assert.strictEqual(
      RedirectUri.withQuery("https://app.example/cb?a=b", { code: "c&d=e", state: undefined, error: "f" }),
      "https://app.example/cb?a=b&code=c%26d%3De&error=f"
    )
  })

  it("gives an origin or a scheme as the destination of a redirect (E4)", () => {
    assert.strictEqual(RedirectUri.destination("http://127.0.0.1:49152/oauth/callback?a=b"), "http://127.0.0.1:49152")
    assert.strictEqual(RedirectUri.destination("com.example.app:/cb"), "com.example.app:")
  })
})
