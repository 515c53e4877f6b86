import { assert, describe, it } from "@effect/vitest"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as CallbackRequest from "../../src/internal/callbackRequest.ts"
import * as Answer from "../../src/internal/code/answer.ts"
import type { Kind } from "../../src/internal/pages/callbackPage.ts"

const judge = (request: Partial<CallbackRequest.Request>, port = 8400): CallbackRequest.Complete | Kind =>
  CallbackRequest.judge(
    { method: "GET", target: "/oauth/callback?code=c&state=s", hosts: [`127.0.0.1:${port}`], ...request },
    port
  )

const ofTarget: ReadonlyArray<readonly [target: string, kind: Kind]> = [
  ["", "malformed"],
  ["*", "malformed"],
  ["oauth/callback?code=c&state=s", "malformed"],
  ["http://127.0.0.1:8400/oauth/callback?code=c&state=s", "malformed"],
  ["/oauth/callback?code=c&state=s ", "malformed"],
  ["/oauth/callback?code=c&state=\u00e9", "malformed"],
  ["/oauth/callback?code=c&state=s\u0000", "malformed"],
  ["/oauth/callback?code=c&x=#&state=s", "malformed"],
  ["/oauth/callback#?code=c&state=s", "malformed"],
  [`/oauth/callback?code=c&state=s&x=${"x".repeat(16_384)}`, "malformed"],
  ["/", "path"],
  ["/favicon.ico", "path"],
  ["/oauth/callback/?code=c&state=s", "path"],
  ["/oauth/callback/x?code=c&state=s", "path"],
  ["//oauth/callback?code=c&state=s", "path"],
  ["/x/../oauth/callback?code=c&state=s", "path"],
  ["/oauth/%63allback?code=c&state=s", "path"],
  ["/OAUTH/CALLBACK?code=c&state=s", "path"],
  ["/oauth/callback;x?code=c&state=s", "path"],
  ["/oauth/callback", "foreign"],
  ["/oauth/callback?", "foreign"],
  ["/oauth/callback?code=c", "foreign"],
  ["/oauth/callback?state=s", "foreign"],
  ["/oauth/callback?code=&state=s", "foreign"],
  ["/oauth/callback?code=c&state=", "foreign"],
  ["/oauth/callback?error=&state=s", "foreign"],
  ["/oauth/callback?code=c&state=s&state=s", "foreign"],
  ["/oauth/callback?code=c&code=d&state=s", "foreign"],
  ["/oauth/callback?error=e&error=e&state=s", "foreign"],
  ["/oauth/callback?code=c&error=e&state=s", "foreign"],
  ["/oauth/callback?code=c&error=&state=s", "foreign"],
  ["/oauth/callback?Code=c&State=s", "foreign"],
  ["/oauth/callback?code=c?state=s", "foreign"],
  ["/oauth/callback?code[]=c&state=s", "foreign"]
]

const hosts: ReadonlyArray<ReadonlyArray<string>> = [
  [],
  [""],
  ["127.0.0.1"],
  ["127.0.0.1:8401"],
  ["127.0.0.1:08400"],
  ["127.0.0.1:8400 "],
  ["127.0.0.1.:8400"],
  ["localhost:8400"],
  ["[::1]:8400"],
  ["evil.example:8400"],
  ["evil.example"],
  ["127.0.0.1:8400@evil.example"],
  ["127.0.0.1:8400", "127.0.0.1:8400"],
  ["127.0.0.1:8400, evil.example"]
]

/** Texts that are often a callback, and often nearly so. */
const Pieces = Schema.Array(
  Schema.Literals(
    [
      "code=c",
      "error=e",
      "state=s",
      "state=",
      "error_description=d%20d",
      "&",
      "&",
      "&",
      "?",
      "=",
      "#",
      "%",
      "%26",
      "+",
      " ",
      "é",
      "x"
    ]
  )
)

describe("a request to the listener", () => {
  it.prop("that counts can be read by the login, with the same state (S16)", [Pieces], ([pieces]) => {
    const target = `/oauth/callback?${pieces.join("")}`
    const judged = judge({ target })
    if (typeof judged === "string") return
    const callback = Redacted.make(`http://127.0.0.1:8400${target}`)
    const read = Answer.read(callback, Redacted.make(judged.state))
    const kind = Result.isSuccess(read) ? "code" : read.failure._tag
    assert.strictEqual(kind, judged.kind === "code" ? "code" : "AuthorizationDenied")
  }, { arbitrary: { runs: 2000 } })

  it("is a callback with its state, with a code or with an error (S16)", () => {
    assert.deepStrictEqual(judge({}), { _tag: "Complete", kind: "code", state: "s" })
    assert.deepStrictEqual(
      judge({ target: "/oauth/callback?x=%zz&state=%73+%2B%26&error=access_denied&error_description=no" }),
      { _tag: "Complete", kind: "error", state: "s +&" }
    )
  })

  it.each(ofTarget)("for %j is of the kind %s (S16)", (target, kind) => {
    assert.strictEqual(judge({ target }), kind)
  })

  it.each(hosts.map((hosts) => [hosts] as const))(
    "with the Host %j is for another host, whatever else it asks (S16)",
    (hosts) => {
      assert.strictEqual(judge({ hosts }), "host")
      assert.strictEqual(judge({ hosts, method: "POST", target: "/" }), "host")
    }
  )

  it("may leave out the port 80, as browsers do (S16)", () => {
    assert.deepStrictEqual(judge({ hosts: ["127.0.0.1"] }, 80), { _tag: "Complete", kind: "code", state: "s" })
    assert.deepStrictEqual(judge({}, 80), { _tag: "Complete", kind: "code", state: "s" })
  })

  it.each(["POST", "HEAD", "OPTIONS", "PUT", "DELETE", "get", "", undefined])(
    "with the method %s is refused (S16)",
    (method) => {
      assert.strictEqual(judge({ method }), "method")
    }
  )
})
