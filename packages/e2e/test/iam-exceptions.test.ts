import { assert, describe, it } from "@effect/vitest"
import * as Emulator from "@sso-oidc/emulator/Emulator"
import * as EmulatorServer from "@sso-oidc/emulator/EmulatorServer"
import * as IamError from "@sso-oidc/iam/IamError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/testing/TestClock"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import {
  clientId,
  clients,
  jwt,
  modelled,
  ours,
  reached,
  signature,
  table,
  walk,
  ways
} from "./support/iamExceptions.ts"

const titled = <A extends { readonly type: string; readonly words: string }>(all: ReadonlyArray<A>) =>
  all.map((way) => [`${way.type}: ${way.words}`, way] as const)

describe.each(titled(ways))("CreateTokenWithIAM, %s", (_, way) => {
  it.effect("has its own name, status and text for both clients (E1, E3, I5)", () =>
    Effect.gen(function*() {
      const status = modelled.find(({ type }) => type === way.type)?.status
      for (const [client, make] of clients) {
        const answer = yield* walk(way, make)
        if (answer._tag === "Success") return assert.fail(`${client}: nothing failed`)
        assert.deepStrictEqual({ type: answer.type, status: answer.status }, { type: way.type, status }, client)
        assert.isDefined(answer.description, client)
      }
    }))
})

describe.each(titled(signature))("the signature, %s", (_, way) => {
  it.effect("is refused with its type and the status 403 for both clients (E1, I4, I5)", () =>
    Effect.gen(function*() {
      for (const [client, make] of clients) {
        const answer = yield* walk(way, make)
        if (answer._tag === "Success") return assert.fail(`${client}: nothing failed`)
        assert.deepStrictEqual({ type: answer.type, status: answer.status }, { type: way.type, status: 403 }, client)
        if (make !== ours) continue
        const { error } = answer
        assert.isTrue(error instanceof IamError.CredentialsError || error instanceof IamError.ClockSkewed)
        assert.strictEqual(error instanceof IamError.ClockSkewed, way.words.startsWith("the clock"))
        if (error instanceof IamError.ClockSkewed) {
          const minutes = way.words.endsWith("behind") ? -6 : 6
          assert.closeTo(error.skewMillis ?? 0, minutes * 60_000, 1000)
        }
      }
    }))
})

describe("the exceptions of CreateTokenWithIAM", () => {
  it("are all reached by ordinary requests, except the service's own failure (E3)", () => {
    assert.deepStrictEqual(
      modelled.map(({ type }) => type).filter((type) => !reached.has(type)),
      ["InternalServerException"]
    )
  })

  it.effect.each(modelled.map(({ status, type }) => ({ status, type })))(
    "$type comes to both clients if it is armed (E3, I5)",
    ({ status, type }) =>
      Effect.gen(function*() {
        for (const [client, make] of clients) {
          const answer = yield* Effect.gen(function*() {
            yield* TestClock.setTime(Date.now())
            const emulator = yield* Emulator.Emulator
            const { url } = yield* EmulatorServer.EmulatorServer
            yield* emulator.faults.arm({
              _tag: "Exception",
              operation: "CreateTokenWithIAM",
              exception: type,
              errorDescription: "as armed"
            })
            return yield* make(url)({
              clientId,
              grantType: "urn:ietf:params:oauth:grant-type:jwt-bearer",
              assertion: jwt()
            })
          }).pipe(Effect.scoped, Effect.provide(Layer.fresh(EmulatorServer.layer())))
          if (answer._tag === "Success") return assert.fail(`${client}: nothing failed`)
          assert.deepInclude(answer, { type, status, description: "as armed" }, client)
        }
      })
  )

  it.effect.each(
    [
      ["InvalidSignatureException", "Signature expired: 20261124T000000Z is now earlier", "ClockSkewed"],
      ["RequestTimeTooSkewed", "too late", "ClockSkewed"],
      ["UnrecognizedClientException", "unknown", "CredentialsError"],
      ["MissingAuthenticationTokenException", "missing", "CredentialsError"]
    ] as const
  )(
    "an error of the signature comes to our client if it is armed: %s, %s (E3, I4)",
    ([exception, description, tag]) =>
      Effect.gen(function*() {
        yield* TestClock.setTime(Date.now())
        const emulator = yield* Emulator.Emulator
        const { url } = yield* EmulatorServer.EmulatorServer
        yield* emulator.faults.arm({ _tag: "Exception", exception, errorDescription: description })
        const answer = yield* ours(url)({
          clientId,
          grantType: "urn:ietf:params:oauth:grant-type:jwt-bearer",
          assertion: jwt()
        })
        if (answer._tag === "Success") return assert.fail("nothing failed")
        assert.deepInclude(answer.error, { _tag: tag, code: exception, detail: description, status: 403 })
      }).pipe(Effect.scoped, Effect.provide(Layer.fresh(EmulatorServer.layer())))
  )

  it("the table in docs/emulator.md is the catalogue's table (E3)", () => {
    const document = join(import.meta.dirname, "../../../docs/emulator.md")
    const section = /<!-- iam exceptions -->\n\n([\s\S]*?)\n\n<!-- \/iam exceptions -->/
    const docs = readFileSync(document, "utf8")
    if (process.env["UPDATE"] !== undefined) {
      writeFileSync(
        document,
        docs.replace(section, () => `<!-- iam exceptions -->\n\n${table}\n\n<!-- /iam exceptions -->`)
      )
    }
    assert.strictEqual(section.exec(readFileSync(document, "utf8"))?.[1], table)
  })
})
