import { assert, describe, it } from "@effect/vitest"
import { formsOf, leakIn } from "@sso-oidc/test-kit/leaks"
import * as Schema from "effect/Schema"
import * as Mask from "../../src/internal/mask.ts"

const secretText = Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(60))

describe("internal/mask: maskSecrets", () => {
  const secret = "cs/Zq8+vK\"2n\\Wp4=Xr7~Jd%Lm"

  it("masks a secret in a text, and keeps the text around it (C6)", () => {
    assert.strictEqual(Mask.maskSecrets(`before ${secret} after`, [secret]), "before <redacted> after")
    assert.strictEqual(Mask.maskSecrets(`${secret}${secret}`, [secret]), "<redacted>")
    assert.strictEqual(Mask.maskSecrets(secret, [secret]), "<redacted>")
  })

  it.each(formsOf("cs/Zq8+vK\"2n\\Wp4=Xr7~Jd%Lm"))("masks a secret in the form %s (C6)", (form) => {
    const masked = Mask.maskSecrets(`before ${form} after`, [secret])
    assert.include(masked, "<redacted>")
    assert.include(masked, "before ")
    assert.include(masked, " after")
    assert.isUndefined(leakIn(masked, secret))
  })

  it("masks eight or more characters of a secret in a row, and no fewer (C6)", () => {
    assert.strictEqual(Mask.maskSecrets("x v7Kq2Zp9 y", ["abcdv7Kq2Zp9efgh"]), "x <redacted> y")
    assert.strictEqual(Mask.maskSecrets("x v7Kq2Zp y", ["abcdv7Kq2Zp9efgh"]), "x v7Kq2Zp y")
  })

  it("masks a short secret as a whole (C6)", () => {
    assert.strictEqual(Mask.maskSecrets("code 123456 is used", ["123456"]), "code <redacted> is used")
    assert.strictEqual(Mask.maskSecrets("aaa", ["a"]), "<redacted>")
  })

  // Every length modulo 3, so that base64 ends in zero, one and two equals signs. One secret has fewer than 8 hex digits.
  it.each(["abc", "abcd", "abcde", "abcdef", "a\"bc", "ab\tc"])(
    "masks a short secret as a whole in every form: %j (C6)",
    (short) => {
      for (const form of formsOf(short)) {
        assert.strictEqual(Mask.maskSecrets(`. ${form} .`, [short]), ". <redacted> .", form)
      }
    }
  )

  it("masks every secret, and nothing for an empty one (C6)", () => {
    assert.strictEqual(
      Mask.maskSecrets("one11111 two22222 three", ["one11111", "two22222"]),
      "<redacted> <redacted> three"
    )
    assert.strictEqual(Mask.maskSecrets("text", [""]), "text")
    assert.strictEqual(Mask.maskSecrets("text", []), "text")
    assert.strictEqual(Mask.maskSecrets("", [secret]), "")
  })

  it("works for a secret that is no well-formed text (C6)", () => {
    assert.strictEqual(Mask.maskSecrets("a \ud800bcdefghij b", ["\ud800bcdefghij"]), "a <redacted> b")
  })

  it.prop(
    "leaves no form of any secret in any text (C6)",
    { before: Schema.String, secret: secretText, after: Schema.String },
    ({ after, before, secret }) => {
      if (!secret.isWellFormed()) return
      for (const form of formsOf(secret)) {
        // A form of a few characters may be in the text by chance.
        if (form.length < 8 && form !== secret) continue
        for (const kept of Mask.maskSecrets(`${before}${form}${after}`, [secret]).split("<redacted>")) {
          assert.notInclude(kept, form)
        }
      }
    }
  )
})

describe("internal/mask: the quick check", () => {
  const plain = Schema.Literals([..."abcXYZ019+/=-_.:%&\"\\ ~"])
  // The quick check works for secrets of 9 ASCII characters or more.
  const secretOf = Schema.Array(plain).check(Schema.isMinLength(9), Schema.isMaxLength(40))
  const at = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 60 }))

  // Pieces that the full search masks, and that the quick check must find.
  const agree = (text: string, secrets: ReadonlyArray<string>): boolean => {
    assert.strictEqual(Mask.maskSecrets(text, secrets), Mask.search(text, secrets))
    const found = Mask.search(text, secrets) !== text
    if (found) assert.isTrue(Mask.mayHold(text, secrets), JSON.stringify({ text, secrets }))
    return found
  }

  let looked = 0
  let passed = 0

  it.prop(
    "never says no if the full search finds eight characters of any form (C6)",
    { letters: secretOf, other: secretOf, from: at, two: Schema.Boolean },
    ({ from, letters, other, two }) => {
      const secret = letters.join("")
      const secrets = two ? [other.join(""), secret] : [secret]
      for (const form of formsOf(secret)) {
        for (const length of [8, 10]) {
          const start = from % Math.max(1, form.length - length)
          const piece = form.slice(start, start + length)
          // Characters that are in no base64 and no hex, at each distance from the piece.
          for (
            const text of [piece, `.${piece}.`, ` \u00e9${piece}.`, `...${piece}`, `....${piece} `, ` . .${piece}..`]
          ) {
            if (agree(text, secrets)) looked++
          }
        }
      }
      if (!Mask.mayHold(" . ", secrets)) passed++
    },
    { arbitrary: { runs: 100 } }
  )

  it("was reached by those runs, which found the planted pieces (C6)", () => {
    assert.isAbove(passed, 60)
    assert.isAbove(looked, 100 * 11 * 2)
  })

  it.each([
    [".srwbhbf1", "o4w2bgcdqw22nsrwbhbf1r2ys"],
    [" 17469367.", "m1ti6ttpq09k2ixz4qohr8hj"],
    ["12345 ZMC5jLlp", "20-aZX1Y1Y20bbY0.c.ZcXZZa"],
    ["a\u00e9 wYmJkZGR ", "c20bbdddb05"],
    ["3430686e ", "e33u40hn3xn7wfgxqg2kd2zdmk6jlddfy0nw5"],
    // base64url with _, and a % that a URL escapes.
    [" Pz8_Pz8_ ", "????????????"],
    [" %25a%25b%2 ", "%a%b%a%b%a%b"]
  ])("finds a piece at the end of %j, or as the whole text (C6)", (text, secret) => {
    assert.isTrue(agree(text, [secret]))
  })

  it.prop(
    "agrees with the full search on any text and any secrets (C6)",
    { text: Schema.String, secrets: Schema.Array(Schema.String) },
    ({ secrets, text }) => void agree(text, secrets)
  )

  it.prop(
    "agrees with the full search on secrets of which some are short or not ASCII, each in every form (C6)",
    { letters: secretOf, short: secretText.check(Schema.isMaxLength(8)), first: Schema.Boolean },
    ({ first, letters, short }) => {
      if (!short.isWellFormed()) return
      const long = letters.join("")
      const secrets = first ? [short, long] : [long, short]
      for (const form of [...formsOf(short), ...formsOf(long)]) agree(` . ${form} . `, secrets)
    }
  )

  it("is certain of a text without a secret, even if one of the secrets is short (C6)", () => {
    const secrets = ["b2xk".repeat(400), "1234", "p\u00e4ss"]
    for (const text of ["Authorization is still pending", "7b5e2f0a-93c1-4d6e-8a2b-1c3d5e7f9a0b"]) {
      assert.isFalse(Mask.mayHold(text, secrets))
      assert.isTrue(agree(`${text} 1234`, secrets))
      assert.isTrue(agree(`${text} p\u00e4ss`, secrets))
      assert.isTrue(agree(`${text} b2xkb2xk`, secrets))
    }
  })

  it("agrees with the full search on UUIDs, on the service's own texts and on long secrets (C6)", () => {
    const random = dice(7)
    const pick = (from: string, length: number): string =>
      Array.from({ length }, () => from[Math.floor(random() * from.length)]).join("")
    const url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    const hex = "0123456789abcdef"
    let certain = 0
    for (let round = 0; round < 100; round++) {
      const uuid = [8, 4, 4, 4, 12].map((length) => pick(hex, length)).join("-")
      const secrets = [`${pick(url, 400)}.${pick(url, 1300)}`, pick(url, 86), pick(hex, 32)]
      for (
        const text of [
          uuid,
          uuid.toUpperCase(),
          "Authorization is still pending",
          "authorization_pending",
          "AuthorizationPendingException",
          "Invalid refresh token provided",
          pick(url, 64),
          `${uuid} ${secrets[1]?.slice(20, 28)}`
        ]
      ) {
        agree(text, secrets)
        if (!Mask.mayHold(text, secrets)) certain++
      }
    }
    // The quick check says no for nearly all texts without a secret.
    assert.isAbove(certain, 100 * 7 * 0.9)
  })
})

describe("internal/mask: names", () => {
  it("a secret of a few letters does not spoil the name of a failure (C6)", () => {
    for (const secret of ["E", "T", "TIM", "OUT", "TIMEOUT"]) {
      assert.strictEqual(Mask.maskName("CONNECT_TIMEOUT", [secret]), "CONNECT_TIMEOUT")
    }
  })

  it("a name that is a secret, or repeats eight characters of one, is masked (C6)", () => {
    assert.strictEqual(Mask.maskName("hunter2", ["hunter2"]), "<redacted>")
    assert.strictEqual(Mask.maskName("E_v7Kq2Zp9", ["abcdv7Kq2Zp9efgh"]), "E_<redacted>")
  })
})

/** Numbers from 0 to 1, the same in each run. */
function dice(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}
