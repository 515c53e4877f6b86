import { assert, describe, it } from "@effect/vitest"
import * as Endpoint from "@sso-oidc/core/aws/Endpoint"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SsoOidcService from "../../src/SsoOidcService.ts"

const url = (options: Endpoint.Options): string => Result.getOrThrow(Endpoint.resolve(SsoOidcService.service, options))

const problem = (options: Endpoint.Options): string => {
  const result = Endpoint.resolve(SsoOidcService.service, options)
  if (Result.isSuccess(result)) return assert.fail(`accepted as ${result.success}`)
  assert.strictEqual(result.failure._tag, "EndpointError")
  return result.failure.problem
}

const region = "eu-west-1"

// The rules of the model, repeated here: partition, regions, plain and dual-stack suffix.
const partitions = [
  ["aws", ["us-east-1", "eu-west-1", "ap-southeast-7", "mx-central-1", "il-central-1"], "amazonaws.com", "api.aws"],
  ["aws-cn", ["cn-north-1", "cn-northwest-1"], "amazonaws.com.cn", "api.amazonwebservices.com.cn"],
  ["aws-us-gov", ["us-gov-east-1", "us-gov-west-1"], "amazonaws.com", "api.aws"],
  ["aws-eusc", ["eusc-de-east-1"], "amazonaws.eu", "api.amazonwebservices.eu"],
  ["aws-iso", ["us-iso-east-1", "us-iso-west-1"], "c2s.ic.gov", "api.aws.ic.gov"],
  ["aws-iso-b", ["us-isob-east-1"], "sc2s.sgov.gov", "api.aws.scloud"],
  ["aws-iso-e", ["eu-isoe-west-1"], "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"],
  ["aws-iso-f", ["us-isof-south-1"], "csp.hci.ic.gov", "api.aws.hci.ic.gov"]
] as const

const cases = partitions.flatMap(([partition, regions, suffix, dual]) =>
  // Each partition also has a pseudo region. A new region belongs to the partition whose pattern it matches.
  [...regions, `${partition}-global`].map((region) => ({ partition, region, suffix, dual }))
)

describe("Endpoint: rules", () => {
  it.each(cases)("$region ($partition) has its plain endpoint (C7)", ({ region, suffix }) => {
    assert.strictEqual(url({ region }), `https://oidc.${region}.${suffix}`)
    assert.strictEqual(
      url({ region, useDualstackEndpoint: false, useFipsEndpoint: false, endpoint: undefined }),
      `https://oidc.${region}.${suffix}`
    )
  })

  it.each(cases)("$region ($partition) has its dual-stack endpoint (C7)", ({ dual, region }) => {
    assert.strictEqual(url({ region, useDualstackEndpoint: true }), `https://oidc.${region}.${dual}`)
  })

  it.each(cases)("$region ($partition) has its FIPS endpoint (C7)", ({ partition, region, suffix }) => {
    const prefix = partition === "aws-us-gov" ? "oidc" : "oidc-fips"
    assert.strictEqual(url({ region, useFipsEndpoint: true }), `https://${prefix}.${region}.${suffix}`)
  })

  it.each(cases)("$region ($partition) has its endpoint of FIPS and dual-stack (C7)", ({ dual, region }) => {
    assert.strictEqual(
      url({ region, useFipsEndpoint: true, useDualstackEndpoint: true }),
      `https://oidc-fips.${region}.${dual}`
    )
  })

  it.each([
    ["us-newcity-9", "amazonaws.com"],
    ["cn-newcity-9", "amazonaws.com.cn"],
    ["us-gov-newcity-9", "amazonaws.com"],
    ["us-isob-newcity-9", "sc2s.sgov.gov"],
    // They match no pattern, so they belong to the partition aws.
    ["eusc-fr-west-1", "amazonaws.com"],
    ["xx-nowhere-1", "amazonaws.com"],
    ["moon", "amazonaws.com"],
    ["1", "amazonaws.com"]
  ])(
    "an unknown region belongs to the partition whose pattern it matches, or else to aws: %s (C7)",
    (region, suffix) => {
      assert.strictEqual(url({ region }), `https://oidc.${region}.${suffix}`)
    }
  )

  it("FIPS or dual-stack together with a custom endpoint is refused (C7)", () => {
    const endpoint = "https://oidc.example"
    assert.strictEqual(problem({ region, endpoint, useFipsEndpoint: true }), "fipsWithEndpoint")
    assert.strictEqual(problem({ region, endpoint, useDualstackEndpoint: true }), "dualstackWithEndpoint")
    assert.strictEqual(
      problem({ region, endpoint, useFipsEndpoint: true, useDualstackEndpoint: true }),
      "fipsWithEndpoint"
    )
  })
})

describe("Endpoint: region", () => {
  it.each([
    "",
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
    "-eu-west-1",
    "eu-west-1-",
    "-",
    "é",
    "eu‐west‐1",
    "ｅu-west-1",
    "\u212a", // a Kelvin sign, which some case-insensitive patterns take for a K
    "eu-west-1\r\n",
    "eu-west-1\n",
    "\r\neu-west-1",
    "eu\r\nHost: evil.example",
    "eu\u0000west",
    "..",
    "[::1]"
  ])("refuses a region that is not a host label, with or without a custom endpoint: %j (C7)", (region) => {
    assert.strictEqual(problem({ region }), "region")
    assert.strictEqual(problem({ region, endpoint: "https://oidc.example" }), "region")
  })

  it.each([
    ["cn-north", "amazonaws.com.cn"],
    ["us-gov-east", "amazonaws.com"],
    ["eusc-de-east", "amazonaws.eu"],
    ["us-iso-east", "c2s.ic.gov"],
    ["us-isob-east", "sc2s.sgov.gov"],
    ["eu-isoe-west", "cloud.adc-e.uk"],
    ["us-isof-south", "csp.hci.ic.gov"]
  ])("matches a partition's pattern with the whole region, and a number of any length: %s (C7)", (place, suffix) => {
    const host = (region: string) =>
      Result.getOrThrow(Endpoint.resolve(SsoOidcService.service, { region, useFipsEndpoint: true }))
    const name = place.startsWith("us-gov") ? "oidc" : "oidc-fips"
    assert.strictEqual(host(`${place}-12`), `https://${name}.${place}-12.${suffix}`)
    // A region that only contains the pattern belongs to aws.
    for (const region of [`x${place}-1`, `${place}-1x`]) {
      assert.strictEqual(host(region), `https://oidc-fips.${region}.amazonaws.com`)
    }
  })

  it.each([
    [{ region: "" }, "`region` is missing"],
    [{ region: "a.b" }, "`region` is \"a.b\", which is not a region name. Write it like eu-west-1"],
    [{ region: "fips-us-east-1" }, "useFipsEndpoint"],
    // Wrong on purpose.
    [{ endpoint: 7 as never }, "not a string"],
    [{ endpoint: "http://[" }, "not an absolute URL"],
    [{ endpoint: "https://a\n.example" }, "invisible characters"],
    [{ endpoint: "ftp://a.example" }, "begin with https://"],
    [{ endpoint: "https://u@a.example" }, "user info"],
    [{ endpoint: "https://a.example?" }, "query"],
    [{ endpoint: "https://a.example#" }, "fragment"],
    [{ endpoint: "http://a.example" }, "`endpoint` is plain http to another machine"],
    [{ endpoint: "https://a.example", useFipsEndpoint: true }, "AWS_USE_FIPS_ENDPOINT"],
    [{ endpoint: "https://a.example", useDualstackEndpoint: true }, "AWS_USE_DUALSTACK_ENDPOINT"],
    [{ endpoint: "http://a.example", endpointSource: "AWS_ENDPOINT_URL" }, "AWS_ENDPOINT_URL is plain http"]
  ])("says what is wrong: %j (C7)", (options, why) => {
    const refused = Endpoint.resolve(SsoOidcService.service, { region: "eu-west-1", ...options })
    assert.include(Result.isFailure(refused) ? refused.failure.message : "", why)
  })

  it.each(["fips-us-east-1", "us-east-1-fips"])(
    "refuses an old name for FIPS, and names the option: %s (C7)",
    (region) => {
      const refused = Endpoint.resolve(SsoOidcService.service, { region })
      assert.isTrue(Result.isFailure(refused))
      assert.include(Result.isFailure(refused) ? refused.failure.message : "", "useFipsEndpoint")
    }
  )

  // The last two only contain an old name for FIPS.
  it.each(["a", "1", "x".repeat(63), "a--b", "afips-1", "a-fipsy"])(
    "accepts any host label: %s (C7)",
    (region) => {
      assert.strictEqual(url({ region }), `https://oidc.${region}.amazonaws.com`)
    }
  )

  it.each(
    [
      ["EU-WEST-1", {}, "oidc.eu-west-1.amazonaws.com"],
      ["CN-NORTH-1", {}, "oidc.cn-north-1.amazonaws.com.cn"],
      ["Cn-NorthWest-1", { useDualstackEndpoint: true }, "oidc.cn-northwest-1.api.amazonwebservices.com.cn"],
      ["US-GOV-WEST-1", { useFipsEndpoint: true }, "oidc.us-gov-west-1.amazonaws.com"],
      ["EUSC-DE-EAST-1", {}, "oidc.eusc-de-east-1.amazonaws.eu"],
      ["US-ISO-EAST-1", {}, "oidc.us-iso-east-1.c2s.ic.gov"],
      ["US-ISOB-EAST-1", {}, "oidc.us-isob-east-1.sc2s.sgov.gov"],
      ["EU-ISOE-WEST-1", {}, "oidc.eu-isoe-west-1.cloud.adc-e.uk"],
      ["US-ISOF-SOUTH-1", {}, "oidc.us-isof-south-1.csp.hci.ic.gov"],
      ["AWS-CN-GLOBAL", {}, "oidc.aws-cn-global.amazonaws.com.cn"]
    ] as const
  )("finds the partition of a region in upper case: %s (C7)", (region, options, host) => {
    assert.strictEqual(url({ region, ...options }), `https://${host}`)
  })

  it.each(["FIPS-us-east-1", "us-east-1-FIPS", "Fips-us-east-1"])(
    "refuses the old name for FIPS %s in upper case too (C7)",
    (region) => {
      assert.strictEqual(problem({ region }), "region")
    }
  )

  it("refuses a letter that is ASCII only in lower case (C7)", () => {
    assert.strictEqual(problem({ region: "eu-west-\u212a" }), "region")
  })

  it("does not show a region that may be a secret (C6)", () => {
    const secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
    for (const region of [secret, secret.replaceAll("/", ""), "eu\u001bwest", "hunter2/secret"]) {
      const refused = Endpoint.resolve(SsoOidcService.service, { region })
      if (Result.isSuccess(refused)) continue
      assert.include(refused.failure.message, "`region` is not a region name")
    }
  })

  it("refuses a region of another type, without throwing (C7)", () => {
    for (const region of [undefined, null, 7, {}, ["eu-west-1"]]) {
      // Wrong on purpose.
      assert.strictEqual(problem({ region: region as string }), "region")
    }
  })

  it.prop("keeps the host below AWS's suffix, for any region (C7)", [Schema.String], ([region]) => {
    const result = Endpoint.resolve(SsoOidcService.service, { region })
    if (Result.isFailure(result)) return
    const { host, pathname, search } = new URL(result.success)
    assert.strictEqual(host, `oidc.${region.toLowerCase()}.amazonaws.com`)
    assert.strictEqual(pathname + search, "/")
  })
})

describe("Endpoint: custom", () => {
  it.each([
    ["https://oidc.example", "https://oidc.example"],
    ["https://oidc.example/", "https://oidc.example"],
    ["https://oidc.example:8443", "https://oidc.example:8443"],
    ["https://oidc.example/base/path", "https://oidc.example/base/path"],
    ["https://oidc.example/base/path//", "https://oidc.example/base/path"],
    ["HTTPS://OIDC.example/Base", "https://oidc.example/Base"],
    ["https://192.0.2.1/", "https://192.0.2.1"],
    ["http://localhost:8080", "http://localhost:8080"],
    ["http://LOCALHOST", "http://localhost"],
    ["http://127.0.0.1:4566/oidc", "http://127.0.0.1:4566/oidc"],
    ["http://127.255.255.254", "http://127.255.255.254"],
    ["http://127.1", "http://127.0.0.1"],
    ["http://2130706433", "http://127.0.0.1"],
    ["http://0x7f000001", "http://127.0.0.1"],
    ["http://[::1]", "http://[::1]"],
    ["http://[0:0:0:0:0:0:0:1]:8080", "http://[::1]:8080"]
  ])("keeps %s, with its path (C7)", (endpoint, expected) => {
    assert.strictEqual(url({ region, endpoint }), expected)
  })

  it.each([
    // User info.
    "https://user@oidc.example",
    "https://user:word@oidc.example",
    "https://:word@oidc.example",
    "http://localhost@evil.example",
    "http://127.0.0.1:80@evil.example",
    // A query or a fragment, also an empty one.
    "https://oidc.example?x=1",
    "https://oidc.example/?",
    "https://oidc.example#x",
    "https://oidc.example/#",
    // Other schemes.
    "ftp://oidc.example",
    "ws://localhost",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "data:,x",
    "localhost:8080",
    // Plain http to a host that is not loopback.
    "http://oidc.example",
    "http://localhost.evil.example",
    "http://127.0.0.1.evil.example",
    "http://127.0.0.1.nip.io",
    "http://evil.example/localhost",
    "http://128.0.0.1",
    "http://0.0.0.0",
    "http://10.0.0.1",
    "http://169.254.169.254",
    "http://[::]",
    "http://[::2]",
    "http://[::ffff:10.0.0.1]",
    "http://localhost.",
    "http://2130706434000",
    "http://oidc.eu-west-1.amazonaws.com",
    // Not a URL.
    "",
    "oidc.example",
    "/path",
    "//oidc.example",
    "https://",
    "https://a b",
    "null",
    // Control characters.
    "https://oidc.example/\r\nx",
    "https://oidc\t.example",
    "https://oidc.example/\u0000",
    "https://oidc.example/\u202e"
  ])("refuses %j (C7)", (endpoint) => {
    assert.strictEqual(problem({ region, endpoint }), "endpoint")
  })

  it("refuses an endpoint of another type, without throwing (C7)", () => {
    for (const endpoint of [null, 7, {}, new URL("https://oidc.example")]) {
      // Wrong on purpose.
      assert.strictEqual(problem({ region, endpoint: endpoint as string }), "endpoint")
    }
  })

  it("does not repeat a refused endpoint, which may hold a password (C6, C7)", () => {
    const result = Endpoint.resolve(SsoOidcService.service, {
      region,
      endpoint: "https://user:pass-word-1@oidc.example"
    })
    assert.isTrue(Result.isFailure(result))
    assert.notInclude(
      JSON.stringify(result) + String(Result.isFailure(result) && result.failure.message),
      "pass-word-1"
    )
  })
})

describe("Endpoint: hostile texts", () => {
  it.each([
    "https://@oidc.example",
    "https://:@oidc.example",
    "https://@@oidc.example",
    "https://user@oidc.example",
    "https:@oidc.example",
    "https:/@oidc.example",
    "https:\\\\@oidc.example",
    " https://@oidc.example",
    "https://oidc.example\\@evil.example",
    "http://@127.0.0.1:8080"
  ])("refuses the endpoint %s, which has user info (C7)", (endpoint) => {
    assert.strictEqual(problem({ region: "eu-west-1", endpoint }), "endpoint")
  })

  it("accepts an @ in the path, which is no user info (C7)", () => {
    assert.strictEqual(url({ region: "eu-west-1", endpoint: "https://oidc.example/a@b" }), "https://oidc.example/a@b")
  })

  it("takes only linear time for a million slashes (C7)", () => {
    const slashes = "/".repeat(1_000_000)
    assert.strictEqual(url({ region: "eu-west-1", endpoint: `https://oidc.example${slashes}` }), "https://oidc.example")
    assert.strictEqual(
      url({ region: "eu-west-1", endpoint: `https://oidc.example${slashes}a` }),
      `https://oidc.example${slashes}a`
    )
  })
})
