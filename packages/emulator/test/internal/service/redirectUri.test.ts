import { assert, describe, it } from "@effect/vitest"
import * as RedirectUri from "../../../src/internal/service/redirectUri.ts"

describe("internal/service/redirectUri", () => {
  it("E3: a redirect URI is https, http to loopback, or of a private scheme, without a fragment or user info", () => {
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

  it("E4: a host that would begin another directive of the page's policy is no redirect URI", () => {
    for (const host of ["a;script-src", "a,b", "a'b", "a\"b", "a!b"]) {
      assert.isFalse(RedirectUri.isRedirectUri(`https://${host}.example/cb`), host)
    }
  })

  it("E3: what is added to a redirect URI's query is escaped, and what was there stays", () => {
    assert.strictEqual(
      RedirectUri.withQuery("https://app.example/cb?a=b", { code: "c&d=e", state: undefined, error: "f" }),
      "https://app.example/cb?a=b&code=c%26d%3De&error=f"
    )
  })

  it("E4: where a redirect goes is an origin, or a scheme", () => {
    assert.strictEqual(RedirectUri.destination("http://127.0.0.1:49152/oauth/callback?a=b"), "http://127.0.0.1:49152")
    assert.strictEqual(RedirectUri.destination("com.example.app:/cb"), "com.example.app:")
  })
})
