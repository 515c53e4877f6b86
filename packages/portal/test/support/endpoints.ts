/**
 * The 40 endpoint cases that botocore publishes for the portal, restated. The four cases that only AWS's model has are older: they say that two
 * isolated partitions have no dual-stack, which all partitions have now.
 */
import type * as Endpoint from "@sso-oidc/core/aws/Endpoint"

export interface Case {
  readonly options: Partial<Endpoint.Options>
  /** The URL, or the reason why there is none. */
  readonly expected: string
  /** What the published case says, where ours differs on purpose. */
  readonly theirs?: string
}

/** The options of a region. */
export const at = (region: string, useFipsEndpoint = false, useDualstackEndpoint = false): Endpoint.Options => ({
  region,
  useFipsEndpoint,
  useDualstackEndpoint
})

const one = (options: Case["options"], expected: string): Case => ({ options, expected })

const plain = [
  "ap-east-1",
  "ap-northeast-1",
  "ap-northeast-2",
  "ap-northeast-3",
  "ap-south-1",
  "ap-southeast-1",
  "ap-southeast-2",
  "ca-central-1",
  "eu-central-1",
  "eu-north-1",
  "eu-south-1",
  "eu-west-1",
  "eu-west-2",
  "eu-west-3",
  "me-south-1",
  "sa-east-1",
  "us-east-1",
  "us-east-2",
  "us-west-2",
  "us-gov-east-1",
  "us-gov-west-1"
]

const endpoint = "https://example.com"

export const published: ReadonlyArray<Case> = [
  ...plain.map((region) => one(at(region), `https://portal.sso.${region}.amazonaws.com`)),
  one(at("us-east-1", true, true), "https://portal.sso-fips.us-east-1.api.aws"),
  one(at("us-east-1", true, false), "https://portal.sso-fips.us-east-1.amazonaws.com"),
  one(at("us-east-1", false, true), "https://portal.sso.us-east-1.api.aws"),
  one(at("cn-north-1", true, true), "https://portal.sso-fips.cn-north-1.api.amazonwebservices.com.cn"),
  one(at("cn-north-1", true, false), "https://portal.sso-fips.cn-north-1.amazonaws.com.cn"),
  one(at("cn-north-1", false, true), "https://portal.sso.cn-north-1.api.amazonwebservices.com.cn"),
  one(at("cn-north-1"), "https://portal.sso.cn-north-1.amazonaws.com.cn"),
  one(at("us-gov-east-1", true, true), "https://portal.sso-fips.us-gov-east-1.api.aws"),
  one(at("us-gov-east-1", true, false), "https://portal.sso.us-gov-east-1.amazonaws.com"),
  one(at("us-gov-east-1", false, true), "https://portal.sso.us-gov-east-1.api.aws"),
  one(at("us-iso-east-1", true, false), "https://portal.sso-fips.us-iso-east-1.c2s.ic.gov"),
  one(at("us-iso-east-1"), "https://portal.sso.us-iso-east-1.c2s.ic.gov"),
  one(at("us-isob-east-1", true, false), "https://portal.sso-fips.us-isob-east-1.sc2s.sgov.gov"),
  one(at("us-isob-east-1"), "https://portal.sso.us-isob-east-1.sc2s.sgov.gov"),
  one({ ...at("us-east-1"), endpoint }, endpoint),
  { options: { endpoint }, expected: "region", theirs: endpoint },
  one({ ...at("us-east-1", true, false), endpoint }, "fipsWithEndpoint"),
  one({ ...at("us-east-1", false, true), endpoint }, "dualstackWithEndpoint"),
  one({}, "region")
]

/** Every partition: regions of it, and its plain and dual-stack suffix. */
export const partitions: ReadonlyArray<{
  readonly partition: string
  readonly regions: ReadonlyArray<string>
  readonly suffix: string
  readonly dual: string
}> = [
  { partition: "aws", regions: ["us-east-1", "eu-west-1", "mx-central-1"], suffix: "amazonaws.com", dual: "api.aws" },
  {
    partition: "aws-cn",
    regions: ["cn-north-1", "cn-northwest-1"],
    suffix: "amazonaws.com.cn",
    dual: "api.amazonwebservices.com.cn"
  },
  { partition: "aws-us-gov", regions: ["us-gov-east-1", "us-gov-west-1"], suffix: "amazonaws.com", dual: "api.aws" },
  { partition: "aws-eusc", regions: ["eusc-de-east-1"], suffix: "amazonaws.eu", dual: "api.amazonwebservices.eu" },
  { partition: "aws-iso", regions: ["us-iso-east-1", "us-iso-west-1"], suffix: "c2s.ic.gov", dual: "api.aws.ic.gov" },
  { partition: "aws-iso-b", regions: ["us-isob-east-1"], suffix: "sc2s.sgov.gov", dual: "api.aws.scloud" },
  { partition: "aws-iso-e", regions: ["eu-isoe-west-1"], suffix: "cloud.adc-e.uk", dual: "api.cloud-aws.adc-e.uk" },
  { partition: "aws-iso-f", regions: ["us-isof-south-1"], suffix: "csp.hci.ic.gov", dual: "api.aws.hci.ic.gov" }
]
