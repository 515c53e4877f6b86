/**
 * No secret and no user code is in the file, in any spelling and at any place.
 */
import { assert, describe, it } from "@effect/vitest"
import * as CreateToken from "@sso-oidc/core/CreateToken"
import * as RegisterClient from "@sso-oidc/core/RegisterClient"
import * as StartDeviceAuthorization from "@sso-oidc/core/StartDeviceAuthorization"
import * as Recorded from "@sso-oidc/testing/RecordedTransport"
import * as Scripted from "@sso-oidc/testing/ScriptedTransport"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Ask from "./support/requests.ts"
import { readings, says, spellings, traceOf } from "./support/spellings.ts"

const { rawResponse } = Scripted

const json = (status: number, body: object, headers: Readonly<Record<string, string>> = {}) => ({
  status,
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify(body)
})

/** Records these exchanges, however they end, and gives the file. */
const recorded = (
  exchanges: ReadonlyArray<
    readonly [Scripted.Step, (oidc: typeof Ask.oidc.Service) => Effect.Effect<unknown, unknown>]
  >
) =>
  Effect.gen(function*() {
    const store = Recorded.makeMemoryStore()
    yield* Effect.gen(function*() {
      const oidc = yield* Ask.oidc
      for (const [, call] of exchanges) yield* Effect.ignore(call(oidc))
    }).pipe(
      Effect.provide(
        Ask.over(Layer.provide(Recorded.layerRecordStore(store), Scripted.layer(exchanges.map(([step]) => step))))
      )
    )
    return yield* store.read
  })

const poll = (oidc: typeof Ask.oidc.Service) => oidc.createToken(Ask.poll)

const started = { ...Ask.started, deviceCode: Redacted.value(Ask.started.deviceCode) }

/** A service that puts a text into each place that a recording keeps. */
const everywhere = (text: string) =>
  [
    [
      rawResponse(CreateToken.operation, json(400, { error: "invalid_grant", error_description: `see ${text}.` })),
      poll
    ],
    [rawResponse(CreateToken.operation, json(400, { error: text, reason: text, code: text, __type: text })), poll],
    [rawResponse(CreateToken.operation, json(400, { endpoint: `https://x.test/${text}`, region: text })), poll],
    [
      rawResponse(
        CreateToken.operation,
        json(400, { error: "invalid_grant" }, {
          "content-type": `text/html; x=${text}`,
          date: text,
          "retry-after": text,
          "x-amzn-errortype": `InvalidGrantException:${text}`,
          "x-amzn-requestid": text,
          "x-more": text,
          "set-cookie": `a=${text}`
        })
      ),
      poll
    ],
    [
      rawResponse(CreateToken.operation, {
        status: 307,
        headers: { location: `https://x.test/?t=${text}#${text}` },
        body: text
      }),
      poll
    ],
    [
      rawResponse(CreateToken.operation, { status: 502, headers: { "content-type": "text/html" }, body: `<p>${text}` }),
      poll
    ],
    [rawResponse(CreateToken.operation, { status: 400, body: `error=invalid_grant&error_description=${text}` }), poll],
    [
      rawResponse(CreateToken.operation, json(200, { accessToken: "an-access-token", tokenType: text, [text]: text })),
      poll
    ],
    [
      Scripted.transportFailure(CreateToken.operation, { sent: "maybe", code: text, transient: true, syscall: text }),
      poll
    ],
    [
      rawResponse(StartDeviceAuthorization.operation, {
        ...json(200, {
          ...started,
          verificationUri: `https://x.test/${text}`,
          verificationUriComplete: `https://x.test/?user_code=${text}&again=${text}#/device?user_code=${text}`
        })
      }),
      (oidc) => oidc.startDeviceAuthorization({ ...Ask.start, startUrl: `https://x.test/?t=${text}` })
    ],
    [
      rawResponse(RegisterClient.operation, json(200, { clientId: text, clientSecret: "a-client-secret" })),
      (oidc) =>
        oidc.registerClient({ ...Ask.register, clientName: text, scopes: [text], redirectUris: [`http://x/#${text}`] })
    ]
  ] as const satisfies Parameters<typeof recorded>[0]

const letter = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 61 }))
const Letters = Schema.Array(letter).check(Schema.isMinLength(16), Schema.isMaxLength(16))
const alphabet = "bcdfghjklmnpqrstvwxzBCDFGHJKLMNPQRSTVWXZ0123456789-_~.+/\"\\ &"
const names = Object.keys(spellings)

describe("RecordedTransport: a secret in another spelling", () => {
  it.effect.prop(
    "is not in the file, wherever a service repeats it, before or after the secret itself (C6)",
    { letters: Letters, first: Schema.Int, second: Schema.Int },
    ({ first, letters, second }) =>
      Effect.gen(function*() {
        // random enough that no other text has a part of it
        const secret = `Zq8v${letters.map((n) => alphabet.charAt(n)).join("")}Wp4X`
        const nameOf = (n: number) => names[Math.abs(n) % names.length] ?? ""
        // a spelling, and a spelling of a spelling
        const inner = spellings[nameOf(first)]?.(secret) ?? secret
        const text = second % 2 === 0 ? inner : spellings[nameOf(second)]?.(inner) ?? inner
        const told = [
          rawResponse(CreateToken.operation, json(200, { accessToken: secret, tokenType: "Bearer" })),
          poll
        ] as const
        const places = everywhere(text)
        const file = yield* recorded(second % 3 === 0 ? [told, ...places] : [...places, told])
        assert.include(file, "<accessToken 1>")
        assert.isUndefined(traceOf(file, secret), `${nameOf(first)}, ${nameOf(second)}: ${text}\n${file}`)
        assert.strictEqual(file.match(/"operation"/g)?.length, 12)
      }),
    { arbitrary: { runs: 40 } }
  )

  for (const name of names) {
    it.effect(`is not in the file: ${name} (C6)`, () =>
      Effect.gen(function*() {
        const secret = Redacted.value(Ask.poll.deviceCode)
        const file = yield* recorded(everywhere(spellings[name]?.(secret) ?? ""))
        assert.isUndefined(traceOf(file, secret), file)
      }))
  }

  it.effect("leaves other texts readable", () =>
    Effect.gen(function*() {
      const file = yield* recorded(everywhere("50%25 &amp; more"))
      assert.notInclude(file, "scrubbed")
    }))
})

describe("RecordedTransport: a secret inside a secret member", () => {
  const token = "Gm4kY8sPd1hXe6Vb"
  const bodies: ReadonlyArray<readonly [string, object]> = [
    ["in an object", { accessToken: { tokenType: token }, tokenType: "Bearer" }],
    ["in an object's object", { accessToken: { tokenType: { accessToken: { expiresIn: token } } } }],
    ["in a list", { accessToken: [token, [{ tokenType: token }]] }],
    ["in a list of objects", { refreshToken: [{ tokenType: token }] }],
    ["under a name that no schema has", { accessToken: { inner: { tokenType: token } } }],
    ["as a name", { accessToken: { [token]: 1 } }],
    ["in another operation's member", { deviceCode: { interval: token } }],
    ["in OAuth's own spelling", { access_token: { tokenType: token } }],
    ["beside a harmless member that is not text", { tokenType: { tokenType: token, expiresIn: token } }]
  ]
  for (const [name, body] of bodies) {
    for (const status of [200, 400]) {
      it.effect(`is not in the file: ${name}, in a response of status ${status} (C6)`, () =>
        Effect.gen(function*() {
          const file = yield* recorded([
            // in a text of an earlier response, before the token is known as a secret
            ...name.startsWith("beside") ? [] : [
              [
                rawResponse(
                  CreateToken.operation,
                  json(400, { error: "invalid_grant", error_description: `No: ${token}` })
                ),
                poll
              ] as const
            ],
            [rawResponse(CreateToken.operation, json(status, body)), poll]
          ])
          assert.isUndefined(traceOf(file, token), file)
        }))
    }
  }

  it.effect("fails a replay in the way the recorded response failed", () =>
    Effect.gen(function*() {
      for (const [, body] of bodies) {
        const store = Recorded.makeMemoryStore()
        const asked = Effect.flip(Effect.flatMap(Ask.oidc, poll))
        const real = yield* asked.pipe(Effect.provide(Ask.over(Layer.provide(
          Recorded.layerRecordStore(store),
          Scripted.layer([rawResponse(CreateToken.operation, json(200, body))])
        ))))
        const replayed = yield* asked.pipe(Effect.provide(Ask.over(Recorded.layerReplayStore(store))))
        assert.strictEqual(real._tag, "UnexpectedResponse")
        assert.strictEqual(replayed.message, real.message)
      }
    }))

  it.effect("is also known from a form, and from JSON that was cut off (C6)", () =>
    Effect.gen(function*() {
      const bodies = [
        `access_token=${token}&token_type=Bearer`,
        `access%5Ftoken=x&refresh_token=${encodeURIComponent(token)}`,
        `{"accessToken":"${token}","tokenTy`,
        `{ "accessToken" : "${token}`
      ]
      for (const body of bodies) {
        const file = yield* recorded([
          [rawResponse(CreateToken.operation, { status: 200, body }), poll],
          [rawResponse(CreateToken.operation, json(400, { error: "invalid_grant", error_description: token })), poll]
        ])
        assert.isUndefined(traceOf(file, token), body)
      }
    }))
})

describe("RecordedTransport: a user code in another spelling", () => {
  const code = "BRCJ-PDVT"
  const begin = [
    rawResponse(StartDeviceAuthorization.operation, json(200, { ...started, userCode: code })),
    (oidc: typeof Ask.oidc.Service) => oidc.startDeviceAuthorization(Ask.start)
  ] as const
  const spelled: Readonly<Record<string, string>> = {
    ...Object.fromEntries(Object.entries(spellings).map(([name, spell]) => [name, spell(code)])),
    "in lower case with %2d": "brcj%2dpdvt",
    "without its hyphen": "BRCJPDVT",
    "without its hyphen, in lower case": "brcjpdvt",
    "with a space": "BRCJ PDVT",
    "with an encoded space": "brcj%20pdvt",
    "with another hyphen": "BRCJ\u2011PDVT",
    "with another hyphen, encoded": encodeURIComponent("BRCJ\u2010PDVT"),
    "with HTML's hyphen": "BRCJ&hyphen;PDVT",
    "letter by letter": "B R C J - P D V T"
  }
  for (const [name, text] of Object.entries(spelled)) {
    it.effect(`is not in the file: ${name} (C6)`, () =>
      Effect.gen(function*() {
        for (const exchanges of [[begin, ...everywhere(text)], [...everywhere(text), begin]]) {
          const file = yield* recorded(exchanges)
          assert.isFalse(says(file, code), file)
        }
      }))
  }

  it.effect("is an alias in the URLs that the person opens, which stay readable", () =>
    Effect.gen(function*() {
      for (
        const [text, alias] of [["brcj-pdvt", "USER-0001"], ["BRCJ%2DPDVT", "USER-0001"], ["brcjpdvt", "USER0001"]]
      ) {
        const file = yield* recorded([[
          rawResponse(
            StartDeviceAuthorization.operation,
            json(200, {
              ...started,
              userCode: code,
              verificationUriComplete: `https://x.test/?user_code=${text}&x=1#/device?user_code=${text}`
            })
          ),
          begin[1]
        ]])
        assert.include(file, `"https://x.test/?user_code=${alias}&x=1#/device?user_code=${alias}"`)
      }
    }))

  it.effect("does not change words that contain a short code", () =>
    Effect.gen(function*() {
      const file = yield* recorded([[
        rawResponse(
          StartDeviceAuthorization.operation,
          json(200, {
            ...started,
            userCode: "CODE",
            verificationUri: "https://x.test/decoder",
            verificationUriComplete: "https://x.test/decoder?c=code"
          })
        ),
        begin[1]
      ]])
      assert.include(file, `"https://x.test/decoder"`)
      assert.include(file, `"https://x.test/decoder?c=USER-0001"`)
    }))

  it("is recognised in each spelling by the reader of these tests", () => {
    for (const [name, text] of Object.entries(spelled)) assert.isTrue(says(`"see ${text}."`, code), name)
    assert.isFalse(says("USER-0001", code))
    assert.strictEqual(readings("a")[0], "a")
  })
})
