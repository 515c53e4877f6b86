import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as Signature from "../../../src/internal/service/signature.ts"

const Fixture = Schema.Struct({
  secretAccessKey: Schema.String,
  region: Schema.String,
  signingName: Schema.String,
  cases: Schema.Array(Schema.Struct({
    name: Schema.String,
    method: Schema.String,
    target: Schema.String,
    headers: Schema.Record(Schema.String, Schema.String),
    body: Schema.String,
    authorization: Schema.String
  }))
})

const { cases, region, secretAccessKey, signingName } = Schema.decodeUnknownSync(Fixture)(
  JSON.parse(readFileSync(join(import.meta.dirname, "../../fixtures/sigv4-cases.json"), "utf8"))
)

describe("the verifier of signatures", () => {
  it("has all 34 published cases", () => {
    assert.strictEqual(cases.length, 34)
  })

  it.each(cases)("calculates the signature of the published case $name (I5)", async (one) => {
    const [path = "", ...query] = one.target.split("?")
    const [, list = "", signature] = /SignedHeaders=([^,]+), Signature=(\w+)$/.exec(one.authorization) ?? []
    const time = one.headers["x-amz-date"] ?? ""
    const request = {
      method: one.method,
      path,
      query: query.join("?"),
      headers: one.headers,
      body: new TextEncoder().encode(one.body)
    }
    assert.strictEqual(
      await Signature.signatureOf(request, {
        secret: secretAccessKey,
        names: list.split(";"),
        date: time.slice(0, 8),
        time,
        region,
        signingName
      }),
      signature
    )
  })

  /** A request that is signed with these names, whose signature is right for them. */
  const signed = async (names: ReadonlyArray<string>, headers: Readonly<Record<string, string>>) => {
    const request = {
      method: "POST",
      path: "/token",
      query: "aws_iam=t",
      headers: { host: "oidc.example", "x-amz-date": "20261124T120000Z", ...headers },
      body: new TextEncoder().encode("{}")
    }
    const signature = await Signature.signatureOf(request, {
      secret: secretAccessKey,
      names,
      date: "20261124",
      time: "20261124T120000Z",
      region,
      signingName
    })
    const authorization =
      `AWS4-HMAC-SHA256 Credential=AKID/20261124/${region}/${signingName}/aws4_request, SignedHeaders=${
        names.join(";")
      }, Signature=${signature}`
    return { ...request, headers: { ...request.headers, authorization } }
  }

  const content = "x-amz-content-sha256"

  const rows: ReadonlyArray<readonly [string, ReadonlyArray<string>, Readonly<Record<string, string>>, string]> = [
    ["right names", ["host", "x-amz-date"], {}, "accepted"],
    ["names that are not sorted", ["x-amz-date", "host"], {}, "must be sorted"],
    ["a name twice", ["host", "host", "x-amz-date"], {}, "must be sorted, with each name once"],
    ["a header that is absent", ["host", "x-absent", "x-amz-date"], {}, "x-absent is absent"],
    [
      "a type without a signature",
      ["host", "x-amz-date"],
      { "content-type": "text/html" },
      "content-type must be signed"
    ],
    ["another hash of the body", ["host", content, "x-amz-date"], { [content]: "0".repeat(64) }, "is not the hash"]
  ]

  it.effect.each(rows)("with %s: %j, %j, %s (I5)", ([, names, headers, words]) =>
    Effect.gen(function*() {
      const request = yield* Effect.promise(() => signed(names, headers))
      const result = yield* Effect.result(Signature.verify(
        request,
        { region, signingName },
        (accessKeyId) => ({ accessKeyId, secretAccessKey: Redacted.make(secretAccessKey) }),
        Date.parse("2026-11-24T12:00:00Z")
      ))
      const said = Result.match(result, { onSuccess: () => "accepted", onFailure: ({ message }) => message })
      assert.include(said, words)
    }))
})
