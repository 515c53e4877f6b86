import { assert, describe, it } from "@effect/vitest"
import { search, textsOf } from "@sso-oidc/test-kit/leaks"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Hostile from "../support/hostile.ts"

const good = {
  deviceCode: "device-code-Hy6tB9sGf3kNw0",
  userCode: "BRCJ-PDVT",
  verificationUri: "https://d-0123456789.awsapps.com/start/#/device",
  verificationUriComplete: "https://d-0123456789.awsapps.com/start/#/device?user_code=BRCJ-PDVT",
  expiresIn: 600,
  interval: 1
}

// no error, message or log may show any of these
const leak = search([good.deviceCode, good.userCode, "d-0123456789.awsapps.com", ...Object.values(Hostile.secret)])

const malformed = "UnexpectedResponse malformed 200"

/** URLs that no person may be sent to. */
const uris = [
  "javascript:alert(document.domain)//d-0123456789.awsapps.com",
  "data:text/html,<script>alert(1)</script>",
  "file:///etc/passwd",
  "vbscript:msgbox(1)",
  "ftp://d-0123456789.awsapps.com/",
  "http://d-0123456789.awsapps.com/",
  "ssh://-oProxyCommand=calc/",
  "smb://d-0123456789.awsapps.com/share",
  "ms-settings:network",
  "//d-0123456789.awsapps.com/",
  "/start",
  "d-0123456789.awsapps.com",
  "https://",
  "https://user:pw@d-0123456789.awsapps.com/",
  "http://localhost.evil.example/",
  "http://127.0.0.1.evil.example/",
  "https://x.example/\r\nSet-Cookie: a=1",
  "https://x.example/\u001b]8;;https://evil.example\u0007",
  "https://x.example/\u202egpj.exe",
  " javascript:alert(1)"
]

const responses: ReadonlyArray<readonly [name: string, members: object, outcome: string]> = [
  ["a good response", good, "code"],
  ["http to loopback, as an emulator has it", { ...good, verificationUri: "http://127.0.0.1:8484/device" }, "code"],
  ...uris.flatMap((uri) =>
    [
      [`verificationUri ${JSON.stringify(uri)}`, { ...good, verificationUri: uri }, malformed],
      [`verificationUriComplete ${JSON.stringify(uri)}`, { ...good, verificationUriComplete: uri }, malformed]
    ] as const
  ),
  ["a user code with an escape sequence", { ...good, userCode: "BRCJ\u001b[2J-PDVT" }, malformed],
  ["a user code with a new line", { ...good, userCode: "BRCJ\n-PDVT" }, malformed],
  ["a user code that reorders its line", { ...good, userCode: "\u202eTVDP-JCRB" }, malformed],
  ["a user code of zero-width characters", { ...good, userCode: "\u200b\u200b" }, malformed],
  ["a user code that is a number", { ...good, userCode: 12345678 }, malformed],
  ["a device code that is an object", { ...good, deviceCode: { value: good.deviceCode } }, malformed],
  ["no device code", { ...good, deviceCode: null }, malformed],
  ["a token in place of a code", JSON.parse(Hostile.token), malformed],
  ...[0, -1, "1", null, [], {}, true].map((interval) =>
    [`an interval of ${JSON.stringify(interval)}`, { ...good, interval, expiresIn: interval }, "code"] as const
  )
]

for (const [name, transport] of Hostile.transports) {
  const run = (script: Hostile.Script, outcome: string) =>
    Effect.gen(function*() {
      const server = yield* Hostile.serve(script, Hostile.response(JSON.stringify(good)))
      const oidc = yield* Hostile.client(server, transport)
      const was = yield* Effect.match(Hostile.start(oidc), {
        onFailure: (error) => {
          for (const text of textsOf(error)) assert.isUndefined(leak(text), text.slice(0, 300))
          // oxlint-disable-next-line no-control-regex -- to find them is what it is for
          assert.notMatch(error.message, /[\u0000-\u001f\u007f-\u009f\u200b\u202e]/)
          assert.propertyVal(error, "requestId", "r-1")
          return Hostile.lineOf(error)
        },
        onSuccess: (code) => {
          assert.strictEqual(Redacted.value(code.deviceCode), good.deviceCode)
          if (code.interval !== undefined) assert.isAbove(code.interval, 0)
          if (code.expiresIn !== undefined) assert.isAbove(code.expiresIn, 0)
          return "code"
        }
      })
      assert.strictEqual(was, outcome)
      assert.strictEqual((yield* Hostile.start(oidc)).userCode, good.userCode)
      assert.deepStrictEqual(server.paths(), ["/device_authorization", "/device_authorization"])
    })

  describe(`malformed device authorizations over real sockets, through ${name}`, () => {
    for (const [what, members, outcome] of responses) {
      it.live(`${what} (C7)`, () => run(Hostile.response(JSON.stringify(members)), outcome))
    }

    it.live("exceptions that only CreateToken lists (C3)", () =>
      Effect.gen(function*() {
        for (const type of ["AuthorizationPendingException", "ExpiredTokenException", "InvalidGrantException"]) {
          yield* run(
            Hostile.response("{}", "400 Bad Request", [`x-amzn-errortype: ${type}`]),
            `UnexpectedResponse status ${type} 400`
          )
        }
        yield* run(Hostile.response(`{"error":"invalid_client"}`, "401 Unauthorized"), "InvalidClientException 401")
      }))

    it.live("an exception whose texts repeat a secret and have terminal escapes (C3)", () =>
      run(
        Hostile.response(
          JSON.stringify({
            error: "invalid_request",
            error_description: `\u001b[2Jbad ${Hostile.secret.clientSecret}\r\n${Hostile.secret.clientSecret}\u0007`
          }),
          "400 Bad Request"
        ),
        "InvalidRequestException 400"
      ))
  })
}
