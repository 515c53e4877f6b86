import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { official, ours } from "../support/differential-clients.ts"
import { endpointsOf, flags } from "../support/differential-endpoints.ts"
import { callOf, oneOf } from "../support/differential-model.ts"
import { partitions, regions } from "../support/differential-partitions.ts"

const { request } = callOf("RegisterClient")
const path = "/client/register"

const same = endpointsOf((options) =>
  Effect.gen(function*() {
    const theirs = yield* official(request.official, options)
    const mine = yield* ours(request.ours, options)
    return {
      official: theirs.sent[0]?.url ?? Result.getOrThrow(Result.flip(theirs.result)),
      ours: mine.sent[0]?.url ?? Result.getOrThrow(Result.flip(mine.result))
    }
  })
)

describe("endpoints by region: the same for both clients", () => {
  it("the official client knows eight partitions and more than forty regions (C7)", () => {
    assert.deepStrictEqual(partitions.map(({ id }) => id).sort(), [
      "aws",
      "aws-cn",
      "aws-eusc",
      "aws-iso",
      "aws-iso-b",
      "aws-iso-e",
      "aws-iso-f",
      "aws-us-gov"
    ])
    assert.isAbove(regions.length, 40)
    assert.isTrue(partitions.every(({ outputs }) => outputs.supportsDualStack && outputs.supportsFIPS))
  })

  for (const { id } of partitions) {
    it.effect.each(flags)(`every region of ${id} has the same endpoint: %j (C7)`, (flags) =>
      Effect.gen(function*() {
        for (const { region } of regions.filter(({ partition }) => partition === id)) {
          assert.match(yield* same({ region, ...flags }), new RegExp(`^https://oidc(-fips)?\\.${region}\\..*${path}$`))
        }
      }))
  }

  it.effect.prop(
    "an unknown region falls into the same partition, or else into aws (C7)",
    [
      oneOf("us eu ap sa ca me af il mx cn us-gov eusc-de us-iso us-isob eu-isoe us-isof xx eusc-fr US aws".split(" ")),
      oneOf(["-newcity", "-north-west", "-x", "-", "", "-global", "-NORTH", "_a", "-9"]),
      oneOf(["-1", "-10", "-0", "", "-x", "1", "-1-", "-1-fips1"]),
      oneOf(flags)
    ],
    ([prefix, place, number, flags]) => same({ region: `${prefix}${place}${number}`, ...flags }),
    { arbitrary: { runs: 100 } }
  )

  it.effect.prop(
    "for any region, both clients call the same host or neither calls one (C7)",
    [Schema.String, oneOf(flags)],
    ([region, flags]) => region === "*" ? Effect.void : same({ region, ...flags }),
    { arbitrary: { runs: 100 } }
  )

  const hostile = [
    "eu-west-1.evil.example/",
    "eu-west-1.evil.example",
    "evil.example/#",
    "a@b",
    "a:b",
    "a/b",
    "a\\b",
    "a?b",
    "a#b",
    "a b",
    " eu-west-1",
    "eu-west-1 ",
    "a_b",
    "%65u-west-1",
    "x".repeat(64),
    "x".repeat(63),
    "-a",
    "a-",
    "-",
    "--",
    "a--b",
    "é",
    "eu‐west‐1",
    "ｅu-west-1",
    "\u212a",
    "eu-west-1\r\n",
    "eu-west-1\n",
    "\reu-west-1",
    "a\r\nHost: evil.example",
    "a\u0000b",
    "..",
    ".",
    "[::1]",
    "127.0.0.1",
    "1",
    "EU-WEST-1",
    "{Region}",
    "",
    "**"
  ]
  it.effect.each(hostile)(
    "both or neither refuse a hostile region: %j (C7)",
    (region) =>
      Effect.gen(function*() {
        yield* same({ region })
        yield* same({ region, useFipsEndpoint: true, useDualstackEndpoint: true })
        yield* same({ region, endpoint: "https://oidc.example" })
      })
  )
})

describe("custom endpoints: the same for both clients", () => {
  it.effect.each(flags.slice(1))(
    "FIPS or dual-stack with a custom endpoint is refused alike: %j (C7)",
    (flags) =>
      Effect.gen(function*() {
        const problem = yield* same({ region: "eu-west-1", endpoint: "https://oidc.example", ...flags })
        assert.strictEqual(problem, flags.useFipsEndpoint ? "fipsWithEndpoint" : "dualstackWithEndpoint")
      })
  )

  it.effect.each([
    "https://oidc.example",
    "https://oidc.example/",
    "https://oidc.example:8443",
    "https://oidc.example:443/a",
    "https://oidc.example/base/path",
    "HTTPS://OIDC.example/Base",
    "https://192.0.2.1/",
    "https://[2001:db8::1]/",
    "http://localhost:8080",
    "http://LOCALHOST",
    "http://127.0.0.1:4566/oidc",
    "http://127.1",
    "http://127.1:80/x",
    "http://2130706433",
    "http://0x7f000001",
    "http://[::1]",
    "http://[0:0:0:0:0:0:0:1]:8080",
    "https://ümlaut.example",
    "https://oidc.example/%7Ea/%2F",
    "https://oidc.example/a b/ü",
    "https://oidc.example/a/../b/./c"
  ])("%s is the same endpoint for both (C7)", (endpoint) =>
    Effect.gen(function*() {
      assert.match(yield* same({ region: "eu-west-1", endpoint }), /^https?:\/\/.*\/client\/register$/)
    }))

  it.effect.each(["nope", "/path", "//oidc.example", "https://", "https://a b", "http://256.0.0.1", "https://[::x]"])(
    "%s is an endpoint for neither (C7)",
    (endpoint) =>
      Effect.gen(function*() {
        assert.strictEqual(yield* same({ region: "eu-west-1", endpoint }), "endpoint")
      })
  )

  const label = Schema.String.check(Schema.isPattern(/^[a-z0-9]{1,12}$/))
  it.effect.prop(
    "any https endpoint with a port and a path is the same for both (C7)",
    [
      Arbitrary.array(Arbitrary.schema(label), { minLength: 2, maxLength: 4 }),
      Schema.Literals(["", ":1", ":443", ":80", ":8443", ":65535", ":00443"]),
      Arbitrary.array(Arbitrary.schema(Schema.Literals(["a", "B", "é", "%20", "~x", "a;b", "a=b", "@", ":"])), {
        maxLength: 4
      })
    ],
    ([labels, port, segments]) =>
      same({
        region: "eu-west-1",
        endpoint: `https://${labels.join(".")}.example${port}${segments.map((segment) => `/${segment}`).join("")}`
      }),
    { arbitrary: { runs: 100 } }
  )
})
