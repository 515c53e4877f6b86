import { assert, describe, it } from "@effect/vitest"
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
})
