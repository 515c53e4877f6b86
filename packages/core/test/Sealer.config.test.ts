import { assert, describe, it } from "@effect/vitest"
import * as Sealer from "@sso-oidc/core/Sealer"
import { search, textsOf } from "@sso-oidc/test-kit/leaks"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { randomBytes } from "node:crypto"

const [old, next] = [randomBytes(32), randomBytes(32)]
const place = "my-tool/session/corp"
const secret = Redacted.make("planted-secret-1f9Qz")

const fromEnv = Sealer.layerConfig({ current: Config.String("CURRENT"), keys: Sealer.configKeys("KEYS") })

/** Seals and opens with the layer that the variables make. */
const run = (env: Readonly<Record<string, string>>, layer = fromEnv) =>
  Effect.gen(function*() {
    const sealer = yield* Sealer.Sealer
    const sealed = yield* sealer.seal(place, secret)
    return { sealed, opened: Redacted.value(yield* sealer.unseal(place, sealed)) }
  }).pipe(
    Effect.provide(layer),
    Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnvRecord(env)))
  )

describe("Sealer.layerConfig", () => {
  it.effect("reads the ring from two variables, whose keys any base64 writes", () =>
    Effect.gen(function*() {
      const ring = yield* Sealer.make({ current: "old", keys: { old: Redacted.make(old) } })
      const sealed = yield* ring.seal(place, secret)
      const texts = [
        `old=${old.toString("base64")},next=${next.toString("base64")}`,
        `old=${old.toString("base64url")} next=${next.toString("base64url")}`,
        `\n  old=${old.toString("base64")}\n  next=${next.toString("base64")},\n`
      ]
      for (const KEYS of texts) {
        const result = yield* run({ CURRENT: "next", KEYS })
        assert.match(result.sealed, /^1\.next\./)
        assert.strictEqual(result.opened, Redacted.value(secret))
        const env = ConfigProvider.fromEnvRecord({ CURRENT: "next", KEYS })
        const opened = Sealer.Sealer.use((sealer) => sealer.unseal(place, sealed)).pipe(
          Effect.provide(fromEnv),
          Effect.provide(ConfigProvider.layer(env))
        )
        assert.strictEqual(Redacted.value(yield* opened), Redacted.value(secret))
      }
    }))

  it.effect("reads each key from a variable of its own", () =>
    Effect.gen(function*() {
      const layer = Sealer.layerConfig({
        current: Config.succeed("a"),
        keys: { a: Sealer.configKey("KEY_A"), b: Sealer.configKey("KEY_B") }
      })
      const env = { KEY_A: ` ${old.toString("base64")}\n`, KEY_B: next.toString("base64url") }
      assert.match((yield* run(env, layer)).sealed, /^1\.a\./)
    }))

  it.effect("takes a key of the name __proto__ as any other", () =>
    Effect.gen(function*() {
      const result = yield* run({ CURRENT: "__proto__", KEYS: `__proto__=${old.toString("base64")}` })
      assert.match(result.sealed, /^1\.__proto__\./)
    }))

  const planted = old.toString("base64")
  // a key of 16 bytes, whose base64 text looks like the name of a key
  const short = Buffer.from("plantedKeyOf16by").toString("base64")
  const form = "with a name of 1 to 32 of A-Z a-z 0-9 _ and -"
  it.effect.each<[string, string, Readonly<Record<string, string>>]>([
    ["no keys", "KEYS must have at least one entry, written as name=key", { CURRENT: "a", KEYS: " , " }],
    ["a key without a name", `KEYS must have name=key in entry 1 of 1, ${form}`, { CURRENT: "a", KEYS: planted }],
    [
      "a short key without a name",
      "KEYS must have the base64 text of exactly 32 bytes after the first = in entry 1 of 1",
      { CURRENT: "a", KEYS: short }
    ],
    ["an empty name", `KEYS must have name=key in entry 2 of 2, ${form}`, {
      CURRENT: "a",
      KEYS: `a=${planted},=${planted}`
    }],
    [
      "a key that is no base64",
      "KEYS must have the base64 text of exactly 32 bytes after the first = in entry 1 of 1",
      { CURRENT: "a", KEYS: `a=${planted.slice(0, -4)}!!!=` }
    ],
    [
      "a key in hex",
      "KEYS must have the base64 text of exactly 32 bytes after the first = in entry 1 of 1",
      { CURRENT: "a", KEYS: `a=${old.toString("hex")}` }
    ],
    [
      "a name that is there twice",
      "KEYS must have another name in entry 2 of 2, which has the name of an earlier entry",
      { CURRENT: "a", KEYS: `a=${planted},a=${next.toString("base64")}` }
    ],
    ["a current key that is absent", "Sealer: current must be the name of a key in keys", {
      CURRENT: "b",
      KEYS: `a=${planted}`
    }],
    ["a key of zeros", "Sealer: key 1 of 1 in keys has only zeros", { CURRENT: "a", KEYS: `a=${"A".repeat(43)}=` }],
    ["a missing variable", "KEYS", { CURRENT: "a" }]
  ])(
    "fails with a ConfigError for %s, and repeats no part of a key (C6)",
    ([, message, env]) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(run(env))
        assert.strictEqual(error._tag, "ConfigError")
        assert.include(error.message, message)
        const find = search([planted, short, "plantedKeyOf16by", next.toString("base64"), old.toString("hex")])
        for (const text of textsOf(error)) assert.isUndefined(find(text))
      })
  )

  it.effect("fails with a ConfigError for one key that is not 32 bytes (C6)", () =>
    Effect.gen(function*() {
      const layer = Sealer.layerConfig({ current: Config.succeed("a"), keys: { a: Sealer.configKey("KEY_A") } })
      for (const KEY_A of [short, old.toString("hex"), `a=${planted}`, `${planted.slice(0, -2)}B=`]) {
        const error = yield* Effect.flip(run({ KEY_A }, layer))
        assert.include(error.message, "KEY_A must be the base64 text of exactly 32 bytes. Correct the variable.")
        for (const text of textsOf(error)) assert.isUndefined(search([short, planted])(text))
      }
    }))
})
